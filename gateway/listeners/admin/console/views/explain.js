// Explain: what would become of a request, and why: route, key, tier, filters. Nobody is asked and nothing changed.

import { Problem, part } from "../api.js";
import { field, h, put, say, section, select, table } from "../dom.js";
import { badge, facts, problemBox } from "../parts.js";
import { entriesTable } from "./browse.js";
import * as as from "../format.js";

const METHODS = ["POST", "GET", "PUT", "HEAD"];
const KINDS = { hit: "good", stale: "warn", empty: "good", miss: "none", bypass: "none", rejected: "warn" };

export function open(place, ctx, { query }) {
  const method = select(METHODS, "POST", { id: "method" });
  const path = h("input", {
    id: "path",
    required: true,
    value: query.get("path") ?? "/",
    autocomplete: "off",
    spellcheck: "false",
  });
  const headers = h("textarea", {
    id: "headers",
    rows: "3",
    spellcheck: "false",
    placeholder: "Authorization: Bearer …",
  });
  const body = h("textarea", { id: "body", rows: "6", spellcheck: "false", placeholder: '{"query": "…"}' });
  const result = h("div");
  put(
    place,
    h(
      "form",
      { onsubmit: explain },
      h("div", { class: "grid" }, field("Method", method), field("Path and query", path)),
      field("Headers", headers, "one a line; credentials count as they would"),
      field("Body", body, "JSON, or any text"),
      h("div", { class: "actions" }, h("button", { type: "submit", class: "primary" }, "Explain")),
    ),
    result,
  );

  async function explain(event) {
    event.preventDefault();
    try {
      const found = await ctx.api.post("explain", sample());
      put(result, told(found));
      say(`Outcome: ${found.outcome}`);
    } catch (problem) {
      put(result, problemBox(problem));
    }
  }
  function sample() {
    const made = { method: method.value, path: path.value.trim(), headers: {} };
    for (const line of headers.value.split("\n").filter((one) => one.trim())) {
      const at = line.indexOf(":");
      if (at < 1) throw new Problem(0, `A header is a name, a colon and a value: ${line}`);
      const name = line.slice(0, at).trim();
      made.headers[name] = [...(made.headers[name] ?? []), line.slice(at + 1).trim()];
    }
    if (!body.value.trim()) return made;
    try {
      return { ...made, body: JSON.parse(body.value) };
    } catch {
      return { ...made, text: body.value };
    }
  }
}

function told(found) {
  return section(
    "What would become of it",
    facts([
      ["Outcome", badge(KINDS[found.outcome] ?? "none", found.outcome)],
      ["Reason", found.reason ?? "–"],
      ["Route", found.route ? h("a", { href: `#/routes/${part(found.route)}` }, found.route) : "none"],
      ["Mode", found.mode ?? "–"],
      ["Answered from", found.tier ?? "the upstream"],
      found.ttl !== null && ["Freshness left", as.span(found.ttl)],
      found.vary.length && ["Varies on", found.vary.join(", ")],
    ]),
    found.key &&
      h(
        "p",
        {},
        "Key ",
        found.entries.length
          ? h("a", { href: `#/entries/key/${found.key}` }, h("code", { class: "key" }, found.key))
          : h("code", { class: "key" }, found.key),
        " · ",
        h("a", { href: `#/purge?keys=${found.key}` }, "purge it"),
      ),
    section(
      "Routes tried",
      table(
        "Routes tried",
        [{ name: "Route" }, { name: "Takes it" }, { name: "Because", wide: true }],
        found.tried.map((one) => [
          one.route,
          one.takes ? badge("good", "yes") : badge("none", "no"),
          one.objection ?? "all that it states holds",
        ]),
        "There is no route.",
      ),
    ),
    found.filters.length
      ? section(
          "Filters",
          table(
            "Filters",
            [{ name: "Filter" }, { name: "Mode" }, { name: "Says", wide: true }],
            found.filters.map((one) => [one.kind, one.mode, one.against ? "there is no answer" : "there may be one"]),
          ),
        )
      : null,
    found.canonical
      ? section(
          "What the key is made of",
          h(
            "pre",
            { tabindex: "0", "aria-label": "What the key is made of" },
            JSON.stringify(found.canonical, null, 2),
          ),
        )
      : null,
    found.entries.length ? section("Stored answers", entriesTable(found.entries)) : null,
  );
}
