// Form: a route's policy to be changed: the settings at hand, and any other as JSON.

import { Problem } from "../api.js";
import { field, h, put, select } from "../dom.js";
import * as as from "../format.js";
import { operatorsOnly, problemBox } from "../parts.js";
import { timeBox } from "./policy.js";

// Settings at hand; any other can be changed as JSON. In the file's spelling.
const AT_HAND = [
  ["cache.ttl", "TTL", "freshness lifetime, such as 10m"],
  ["cache.jitter", "Jitter", "of the TTL: 10% or 30s"],
  ["cache.stale_while_revalidate", "Stale while revalidate", "served stale while one call asks anew"],
  ["cache.stale_if_error", "Stale if error", "served stale when the upstream fails"],
  ["empty.ttl", "TTL of empty answers", "60s to 120s is usual"],
  ["degrade.after", "Degrade after", "until something else is served; 0s: only on failure"],
  ["budget.rate", "Budget per client", "upstream calls, such as 30/m; off"],
  ["drift.sample", "Drift sample", "of hits that are asked again aside, such as 0.1%"],
];
const FILTERS = ["known", "vocabulary", "seen_empty"];

/** state: the route's. apply: gets the patch, may throw a Problem. reset: forget what was typed. */
export function makeForm(ctx, state, apply, reset) {
  const box = timeBox();
  const wrong = h("div");
  const inputs = new Map();
  const at = (path) => path.split(".").reduce((found, key) => found?.[key], state.policy);
  const add = (path, label, control, hint) => {
    control.setAttribute("name", path);
    inputs.set(path, { control, was: control.value });
    return field(label, control, hint);
  };
  const fields = [
    ...AT_HAND.map(([path, label, hint]) =>
      add(path, label, h("input", { value: as.setting(at(path)), autocomplete: "off", id: `set-${path}` }), hint),
    ),
    ...FILTERS.filter((kind) => state.policy.bloom[kind]).map((kind) => {
      const path = `bloom.${kind}.mode`;
      return add(
        path,
        `Filter ${kind}`,
        select(["enforce", "observe", "off"], at(path), { id: `set-${path}` }),
        "observe only counts",
      );
    }),
  ];
  const other = h("textarea", {
    rows: "3",
    id: "other",
    spellcheck: "false",
    placeholder: '{"cache": {"statuses": [200, 404]}}',
  });
  async function submit(event) {
    event.preventDefault();
    put(wrong);
    try {
      const patch = merged(inputs, other.value);
      if (!Object.keys(patch).length) throw new Problem(0, "Nothing is different.");
      await apply({ ...patch, ...box.values() });
    } catch (problem) {
      put(wrong, problemBox(problem));
    }
  }
  const made = h(
    "form",
    { onsubmit: submit, oninput: () => (made.dataset.touched = "yes") },
    operatorsOnly(
      ctx,
      h("div", { class: "grid" }, fields),
      field("Other settings", other, "JSON, as they stand in the file (a merge patch); null: as by default"),
      h("div", { class: "grid" }, box.nodes),
      wrong,
      h(
        "div",
        { class: "actions" },
        h("button", { type: "button", onclick: reset }, "Discard"),
        h("button", { type: "submit", class: "primary" }, "Apply to all workers"),
      ),
    ),
  );
  return made;
}

/** A merge patch out of the fields that differ, and the JSON. Problem. */
function merged(inputs, text) {
  let patch = {};
  if (text.trim()) {
    try {
      patch = JSON.parse(text);
    } catch (error) {
      throw new Problem(0, `Other settings are not JSON: ${error.message}`);
    }
    if (patch === null || typeof patch !== "object" || Array.isArray(patch))
      throw new Problem(0, "Other settings: expected an object.");
  }
  for (const [path, { control, was }] of inputs) {
    if (control.value === was) continue;
    const keys = path.split(".");
    const last = keys.pop();
    keys.reduce((found, key) => (found[key] ??= {}), patch)[last] = control.value.trim() || null;
  }
  return patch;
}
