// Entry: what each tier holds under a key, with what the answer says for operators.

import { part } from "../api.js";
import { h, put, section, table } from "../dom.js";
import * as as from "../format.js";
import { facts, problemBox } from "../parts.js";
import { entriesTable } from "./browse.js";

export function open(place, ctx, { path: [key = ""] }) {
  put(place, h("p", {}, "Looking …"));
  ctx.api.get(`entries/${part(key)}`).then(
    (found) => put(place, shown(ctx, found)),
    (problem) => put(place, problemBox(problem)),
  );
}

/** What was found under a key. */
function shown(ctx, found) {
  const [one] = found.entries;
  return [
    h("p", {}, h("code", { class: "key" }, found.key)),
    facts([
      ["Route", h("a", { href: `#/routes/${part(one.route)}` }, one.route)],
      ["Status", String(one.status)],
      ["Media type", one.media_type || "–"],
      ["Coding", one.coding || "none"],
      ["Stored", as.moment(one.stored_at)],
      ["Of no use from", as.moment(one.expires_at)],
      ["Upstream took", as.took(one.upstream_seconds)],
      ["Ledger version", h("code", {}, String(one.version))],
      ["Purge", h("a", { href: `#/purge?keys=${found.key}` }, "this answer")],
    ]),
    section("Tiers", entriesTable(found.entries)),
    one.tags.length
      ? section(
          "Tags",
          h(
            "ul",
            { class: "inline" },
            one.tags.map((tag) => h("li", {}, h("a", { href: `#/purge?tags=${part(tag)}` }, tag))),
          ),
        )
      : null,
    section(
      "Fields",
      one.fields
        ? table(
            "Fields",
            [{ name: "Field" }, { name: "Value", wide: true }],
            one.fields.map(([name, value]) => [h("code", {}, name), value]),
          )
        : h("p", { class: "nothing" }, "For operators."),
    ),
    section(
      "Body",
      one.body === null ? h("p", { class: "nothing" }, ctx.operator ? "It has none." : "For operators.") : body(one),
    ),
  ];
}

function body(one) {
  let text = one.body;
  if (one.media_type.includes("json") && !one.cut) {
    try {
      text = JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      // As it is, then.
    }
  }
  const notes = [
    one.encoding === "base64" && "Not text: shown as base64.",
    one.cut && "Only its beginning is shown.",
  ].filter(Boolean);
  return [
    h("p", { class: "hint" }, notes.join(" ")),
    h("pre", { tabindex: "0", "aria-label": "Body of the answer" }, text),
  ];
}
