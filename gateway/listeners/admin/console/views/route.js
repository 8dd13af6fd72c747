// Route: one route's whole policy, a form to change it, and what shadow mode and drift have found out about it.

import { part, Problem } from "../api.js";
import { field, h, put, renew, say, section, table } from "../dom.js";
import { sum } from "../figures.js";
import * as as from "../format.js";
import { act, badge, every, facts, problemBox } from "../parts.js";
import { makeForm } from "./form.js";
import { change, modes, revert } from "./policy.js";

export function open(place, ctx, { path: [name], title }) {
  title.textContent = name;
  document.title = `${name} · ragfront`;
  const head = h("div");
  const figures = h("div");
  const form = h("div");
  const policy = h("div");
  const wanted = h("input", { id: "filter", type: "search", autocomplete: "off", oninput: () => state && list() });
  let state;
  let etag;
  put(
    place,
    h("p", {}, h("a", { href: "#/routes" }, "← All routes")),
    head,
    figures,
    section("Change the policy", form),
    section("Policy in force", field("Only settings with", wanted), policy),
  );
  const poll = every(3, read, show, (problem) => renew(head, problemBox(problem)));

  async function read() {
    const [found, stats] = await Promise.all([ctx.api.ask("GET", `routes/${part(name)}`), ctx.api.get("stats")]);
    return { found, figures: stats.routes[name] };
  }
  function show({ found, figures: own }) {
    const fresh = found.etag !== etag;
    [state, etag] = [found.body, found.etag];
    renew(head, header(ctx, state, poll.again));
    renew(figures, evidence(own, useTtl));
    if (!fresh) return;
    list();
    // What somebody is typing stays as it is; the ETag tells if it was changed elsewhere meanwhile.
    if (!form.querySelector("form")?.dataset.touched) put(form, editor());
  }
  function list() {
    put(policy, settings(state, wanted.value.trim().toLowerCase()));
  }
  function useTtl(seconds) {
    const ttl = form.querySelector("[name='cache.ttl']");
    ttl.value = `${Math.floor(seconds)}s`;
    form.querySelector("form").dataset.touched = "yes";
    ttl.focus();
  }
  function editor() {
    const seen = etag;
    return makeForm(
      ctx,
      state,
      async (patch) => {
        try {
          say(await change(ctx, name, patch, seen));
        } catch (problem) {
          // Its own ETag is old, also where it was this page's own toggle that has made a change.
          if (problem.status === 412)
            throw new Problem(
              412,
              "This route was changed meanwhile. Discard what you typed, look at it, and change it again.",
            );
          throw problem;
        }
        reset();
      },
      reset,
    );
  }
  function reset() {
    put(form);
    etag = undefined;
    poll.again();
  }
  return poll.stop;
}

function header(ctx, state, again) {
  const over = state.override;
  const until = over?.until
    ? `until ${as.moment(over.until)} (in ${as.span(over.until - Date.now() / 1000)})`
    : "until it is reverted";
  return [
    facts([
      ["Mode", modes(ctx, state.name, state.mode, again)],
      ["Upstream", h("a", { href: "#/upstreams" }, state.upstream)],
      ["Entries", h("a", { href: `#/entries?route=${part(state.name)}` }, "list")],
      ["Purge", h("a", { href: `#/purge?route=${part(state.name)}` }, "all answers of this route")],
    ]),
    over &&
      h(
        "div",
        { class: "box warn" },
        h("p", {}, badge("warn", `Overridden by ${over.who}, ${until}`)),
        over.reason && h("p", {}, `“${over.reason}”`),
        h(
          "p",
          {},
          state.overridden.map((one) => [
            h("code", {}, one.path),
            ` ${as.setting(one.file)} → ${as.setting(one.effective)} `,
          ]),
        ),
        act(ctx, "Revert to the file", () => revert(ctx, state.name, again), { key: "revert" }),
      ),
  ];
}

function evidence(own, useTtl) {
  if (!own) return null;
  const drift = own.drift;
  const compared = drift && sum(drift.compared) - (drift.compared.failed ?? 0);
  const differ = compared ? 1 - (drift.compared.same ?? 0) / compared : null;
  return [
    facts([
      ["Requests", as.number(sum(own.requests))],
      ["Hit ratio", as.share(own.hit_ratio)],
      ["Stored", as.number(own.stored)],
      ["Upstream time saved", as.span(own.saved_seconds)],
    ]),
    own.shadow &&
      section(
        "Shadow",
        facts([
          ["Requests", as.number(sum(own.shadow.requests))],
          ["Would have been hits", as.share(own.shadow.hit_ratio)],
          ["Would have saved", as.span(own.shadow.saved_seconds)],
        ]),
      ),
    drift &&
      section(
        "Drift",
        facts([
          ["Hits asked again", as.number(compared)],
          ["Differ from what was served", as.share(differ, 2)],
          drift.compared.documents && ["Other documents", as.number(drift.compared.documents)],
          drift.compared.text && ["Other text", as.number(drift.compared.text)],
          [
            "Suggested TTL",
            drift.suggested_ttl
              ? [
                  `${as.span(drift.suggested_ttl)} `,
                  h(
                    "button",
                    { type: "button", "data-key": "suggested", onclick: () => useTtl(drift.suggested_ttl) },
                    "Put it into the form",
                  ),
                ]
              : "too little is known yet",
          ],
        ]),
      ),
  ];
}

function settings(state, wanted) {
  const changed = new Map(state.overridden.map((one) => [one.path, one]));
  const rows = flat(state.policy)
    .filter(([path]) => path.toLowerCase().includes(wanted))
    .map(([path, value]) => {
      const over = changed.get(path);
      return [
        h("code", {}, path),
        over ? h("strong", {}, as.setting(value)) : as.setting(value),
        over ? badge("warn", `file: ${as.setting(over.file)}`) : "",
      ];
    });
  return table(
    "Settings in force",
    [{ name: "Setting" }, { name: "Value", wide: true }, { name: "Overridden" }],
    rows,
    "No setting is called so.",
  );
}

function flat(value, path = "") {
  if (value === null || typeof value !== "object" || Array.isArray(value) || !Object.keys(value).length)
    return [[path, value]];
  return Object.entries(value).flatMap(([key, one]) => flat(one, path ? `${path}.${key}` : key));
}
