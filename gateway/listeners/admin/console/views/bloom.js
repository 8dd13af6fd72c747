// Bloom: what the filters hold, what they have done, and how often they were wrong.

import { part } from "../api.js";
import { field, h, put, renew, section, table } from "../dom.js";
import * as as from "../format.js";
import { act, ask, badge, every, facts, gauge, problemBox } from "../parts.js";

export const bloom = { name: "bloom", title: "Bloom filters", open };

const WHAT = {
  known: "All ids that there are: a request that names another has no answer.",
  vocabulary: "All terms of the corpus: a query that shares none of them cannot retrieve anything.",
  seen_empty: "Questions whose answer was empty lately. Each worker has its own.",
};

function open(place, ctx) {
  const list = h("div");
  put(place, list);
  const poll = every(
    2,
    () => ctx.api.get("bloom"),
    show,
    (problem) => renew(list, problemBox(problem)),
  );

  function show({ filters }) {
    renew(
      list,
      filters.length
        ? filters.map(filter)
        : h(
            "p",
            { class: "nothing" },
            "No route has a filter. A route's bloom settings say which ids, terms or empty questions it knows.",
          ),
    );
  }
  function filter(one) {
    const checked = one.empty + one.found;
    return section(
      `${one.route}: ${one.kind}`,
      h("p", { class: "hint" }, WHAT[one.kind]),
      facts([
        ["Mode", one.mode === "enforce" ? badge("good", "enforce") : badge("none", one.mode)],
        ["In force", one.loaded ? badge("good", "yes") : badge("bad", "no")],
        ["Holds", [gauge(one.items / (one.capacity || 1), held(one), 0.95), differ(one)]],
        one.error_rate !== null && ["Strangers taken for known", as.share(one.error_rate, 4)],
        one.file && ["File", h("code", {}, one.file)],
      ]),
      table(
        `What ${one.kind} of ${one.route} has done`,
        [
          { name: "Rejected", number: true },
          { name: "Would reject", number: true },
          { name: "Let through to see", number: true },
          { name: "Rightly", number: true },
          { name: "Wrongly", number: true },
          { name: "Unknown", number: true },
          { name: "Wrong share", number: true },
          { name: "Files refused", number: true },
        ],
        [
          [
            as.number(one.rejected),
            as.number(one.observed),
            as.number(one.sampled),
            as.number(one.empty),
            one.found ? badge("bad", as.number(one.found)) : "0",
            as.number(one.unknown),
            checked ? as.share(one.found / checked, 2) : "–",
            as.number(one.refused_files),
          ],
        ],
      ),
      one.file &&
        h(
          "div",
          { class: "actions" },
          act(ctx, "Add keys", () => add(one), {
            key: `add ${one.route} ${one.kind}`,
            name: `Add keys to ${one.kind} of ${one.route}`,
          }),
          act(ctx, "Swap file", () => swap(one), {
            key: `swap ${one.route} ${one.kind}`,
            name: `Swap the file of ${one.kind} of ${one.route}`,
          }),
          act(ctx, "Read file again", () => again(one), {
            key: `again ${one.route} ${one.kind}`,
            name: `Read the file of ${one.kind} of ${one.route} again`,
          }),
        ),
    );
  }
  const path = (one, verb) => `bloom/${part(one.route)}/${part(one.kind)}/${verb}`;
  const told = (added) =>
    `${as.number(added.added)} added; it holds ${held(added)}. In use on ${added.reaches} within a second.`;

  async function add(one) {
    const keys = h("textarea", { id: "keys", rows: "6", spellcheck: "false", required: true });
    await then(
      ask({
        title: `Add to ${one.kind} of ${one.route}`,
        label: "Add",
        body: [
          field(one.kind === "known" ? "Ids" : "Texts", keys, "one a line; what was added cannot be taken out again"),
        ],
        work: async () =>
          told(
            await ctx.api.post(path(one, "keys"), {
              keys: keys.value
                .split("\n")
                .map((key) => key.trim())
                .filter(Boolean),
            }),
          ),
      }),
    );
  }
  async function swap(one) {
    const file = h("input", { id: "file", required: true, autocomplete: "off" });
    await then(
      ask({
        title: `Put another file in the place of ${one.kind}`,
        label: "Swap",
        body: [field("File", file, "its name, in the folder of the one in use; made by ragfront bloom build")],
        work: async () => told(await ctx.api.post(path(one, "swap"), { file: file.value.trim() })),
      }),
    );
  }
  async function again(one) {
    await then(
      ask({
        title: `Read the file of ${one.kind} again?`,
        label: "Read it",
        body: [h("p", {}, "Where it is damaged, the one in use stays in force.")],
        work: async () => told(await ctx.api.post(path(one, "reload"))),
      }),
    );
  }
  async function then(asked) {
    if (await asked) poll.again();
  }
  return poll.stop;
}

function held({ items, capacity }) {
  return `${as.number(items)} of ${as.number(capacity)}`;
}

/** What each worker has, where they differ. */
function differ(one) {
  const each = one.workers.map(
    ({ worker, loaded, items }) => `worker ${worker}: ${loaded ? as.number(items) : "none"}`,
  );
  return each.length > 0 && h("small", {}, each.join(", "));
}
