// Browse: stored answers of a tier, by route or tag, page by page.

import { part } from "../api.js";
import { field, h, put, say, select, table } from "../dom.js";
import * as as from "../format.js";
import { badge, problemBox } from "../parts.js";

const ENOUGH = 50; // rows that one press brings
const PAGES = 20; // of about 200 records each, that one press looks through

const STATES = { fresh: "good", stale: "warn", "stale-if-error": "warn", expired: "none" };

export function open(place, ctx, { query }) {
  const tier = select(["memory"], "memory", { id: "tier" });
  const route = select([["", "any"]], "", { id: "route" });
  const tag = h("input", { id: "tag", autocomplete: "off", value: query.get("tag") ?? "" });
  const key = h("input", {
    id: "key",
    autocomplete: "off",
    spellcheck: "false",
    required: true,
    placeholder: "64 hexadecimal digits",
  });
  const list = h("div");
  const more = h("div", { class: "actions" });
  let rows = [];
  let looked = 0;
  let asked = 0;
  put(
    place,
    h(
      "form",
      { class: "bar", onsubmit: begin },
      field("Tier", tier),
      field("Route", route),
      field("Tag", tag, "doc:42, or doc:kb1/* for all that begin so"),
      h("button", { type: "submit", class: "primary" }, "List"),
    ),
    h(
      "form",
      {
        class: "bar",
        onsubmit: (event) => {
          event.preventDefault();
          ctx.go(`#/entries/key/${part(key.value.trim())}`);
        },
      },
      field("Or by key", key),
      h("button", { type: "submit" }, "Look up"),
    ),
    list,
    more,
  );
  prepare();

  async function prepare() {
    try {
      const [stats, found] = await Promise.all([ctx.api.get("stats"), ctx.api.get("routes")]);
      const tiers = Object.keys(stats.tiers);
      // What is behind memory has the answers of all workers.
      put(
        tier,
        tiers.map((name) => h("option", { value: name, selected: name !== "memory" }, name)),
      );
      put(
        route,
        h("option", { value: "" }, "any"),
        found.routes.map((one) =>
          h("option", { value: one.name, selected: one.name === query.get("route") }, one.name),
        ),
      );
      await begin();
    } catch (problem) {
      put(list, problemBox(problem));
    }
  }
  function begin(event) {
    event?.preventDefault();
    rows = [];
    looked = 0;
    put(list, h("p", {}, "Looking …"));
    return next(null, ++asked);
  }
  /** Pages may hold nothing that is wanted: look on until there is something to show. */
  async function next(cursor, turn) {
    const from = rows.length;
    try {
      for (let page = 0; page < PAGES && (page === 0 || (cursor && rows.length < from + ENOUGH)); page++) {
        const wanted = new URLSearchParams({ tier: tier.value });
        if (route.value) wanted.set("route", route.value);
        if (tag.value.trim()) wanted.set("tag", tag.value.trim());
        if (cursor) wanted.set("cursor", cursor);
        const found = await ctx.api.get(`entries?${wanted}`);
        if (turn !== asked) return;
        rows.push(...found.entries);
        looked += found.looked;
        cursor = found.cursor;
      }
      show(cursor, turn);
    } catch (problem) {
      if (turn === asked) put(list, problemBox(problem));
    }
  }
  function show(cursor, turn) {
    const further = cursor ? "; there are more" : "";
    const told = `${as.number(rows.length)} found among ${as.number(looked)} looked at${further}.`;
    put(list, h("p", { class: "hint" }, told), entriesTable(rows));
    put(
      more,
      cursor
        ? h("button", { type: "button", "data-key": "more", onclick: () => next(cursor, turn) }, "Look further")
        : null,
    );
    say(told);
  }
}

/** Stored answers as a table. */
export function entriesTable(found) {
  return table(
    "Stored answers",
    [
      { name: "Key" },
      { name: "Route" },
      { name: "State" },
      { name: "Kind" },
      { name: "Size", number: true },
      { name: "Stored" },
      { name: "Took", number: true },
      { name: "Tags", wide: true },
    ],
    found.map((one) => [
      h("a", { href: `#/entries/key/${one.key}` }, h("code", {}, `${one.key.slice(0, 12)}…`)),
      one.route,
      badge(STATES[one.state], one.ttl > 0 ? `${one.state}, ${as.span(one.ttl)} left` : one.state),
      one.kind === "answer" ? `answer ${one.status}` : one.kind,
      as.bytes(one.bytes),
      as.ago(one.stored_at),
      as.took(one.upstream_seconds),
      one.tags.length
        ? h(
            "span",
            { class: "tags" },
            one.tags.slice(0, 4).join(", "),
            one.tags.length > 4 ? ` and ${one.tags.length - 4} more` : "",
          )
        : "–",
    ]),
    "No entry is wanted so.",
  );
}

/** A key's beginning, which leads to what stands under it. */
export function keyLink(key) {
  return h("a", { href: `#/entries/key/${key}`, "data-key": key }, h("code", {}, `${key.slice(0, 12)}…`));
}
