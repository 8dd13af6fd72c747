// Route: one route's whole policy, a form to change it, and what shadow mode and drift have found out about it.

import { part, Problem } from "../api.js";
import { field, h, put, say, section, select, table } from "../dom.js";
import { sum } from "../figures.js";
import * as as from "../format.js";
import { act, badge, every, facts, operatorsOnly, problemBox } from "../parts.js";
import { change, modes, revert, timeBox } from "./policy.js";

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
  put(place, h("p", {}, h("a", { href: "#/routes" }, "← All routes")), head, figures,
    section("Change the policy", form), section("Policy in force", field("Only settings with", wanted), policy));
  const poll = every(3, read, show, (problem) => put(head, problemBox(problem)));

  async function read() {
    const [found, stats] = await Promise.all([ctx.api.ask("GET", `routes/${part(name)}`), ctx.api.get("stats")]);
    return { found, figures: stats.routes[name] };
  }
  function show({ found, figures: own }) {
    const fresh = found.etag !== etag;
    [state, etag] = [found.body, found.etag];
    put(head, header(ctx, state, poll.again));
    put(figures, evidence(own, useTtl));
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
    return makeForm(ctx, state, async (patch) => {
      try {
        say(await change(ctx, name, patch, seen));
      } catch (problem) {
        // Its own ETag is old, also where it was this page's own toggle that has made a change.
        if (problem.status === 412) throw new Problem(412, "This route was changed meanwhile. Discard what you typed, look at it, and change it again.");
        throw problem;
      }
      reset();
    }, reset);
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
  const until = over?.until ? `until ${as.moment(over.until)} (in ${as.span(over.until - Date.now() / 1000)})` : "until it is reverted";
  return [
    facts([["Mode", modes(ctx, state.name, state.mode, again)], ["Upstream", h("a", { href: "#/upstreams" }, state.upstream)],
      ["Entries", h("a", { href: `#/entries?route=${part(state.name)}` }, "list")], ["Purge", h("a", { href: `#/purge?route=${part(state.name)}` }, "all answers of this route")]]),
    over && h("div", { class: "box warn" },
      h("p", {}, badge("warn", `Overridden by ${over.who}, ${until}`), over.reason && ` : ${over.reason}`),
      h("p", {}, state.overridden.map((one) => [h("code", {}, one.path), ` ${as.setting(one.file)} → ${as.setting(one.effective)} `])),
      act(ctx, "Revert to the file", () => revert(ctx, state.name, again), { key: "revert" })),
  ];
}

function evidence(own, useTtl) {
  if (!own) return null;
  const drift = own.drift;
  const compared = drift && sum(drift.compared) - (drift.compared.failed ?? 0);
  const differ = compared ? 1 - (drift.compared.same ?? 0) / compared : null;
  return [
    facts([["Requests", as.number(sum(own.requests))], ["Hit ratio", as.share(own.hit_ratio)], ["Stored", as.number(own.stored)],
      ["Upstream time saved", as.span(own.saved_seconds)]]),
    own.shadow && section("Shadow", facts([["Requests", as.number(sum(own.shadow.requests))],
      ["Would have been hits", as.share(own.shadow.hit_ratio)], ["Would have saved", as.span(own.shadow.saved_seconds)]])),
    drift && section("Drift", facts([["Hits asked again", as.number(compared)], ["Differ from what was served", as.share(differ, 2)],
      drift.compared.documents && ["Other documents", as.number(drift.compared.documents)],
      drift.compared.text && ["Other text", as.number(drift.compared.text)],
      ["Suggested TTL", drift.suggested_ttl ? [`${as.span(drift.suggested_ttl)} `,
        h("button", { type: "button", "data-key": "suggested", onclick: () => useTtl(drift.suggested_ttl) }, "Put it into the form")] : "too little is known yet"]])),
  ];
}

function makeForm(ctx, state, apply, reset) {
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
    ...AT_HAND.map(([path, label, hint]) => add(path, label, h("input", { value: as.setting(at(path)), autocomplete: "off", id: `set-${path}` }), hint)),
    ...FILTERS.filter((kind) => state.policy.bloom[kind]).map((kind) => {
      const path = `bloom.${kind}.mode`;
      return add(path, `Filter ${kind}`, select(["enforce", "observe", "off"], at(path), { id: `set-${path}` }), "observe only counts");
    }),
  ];
  const other = h("textarea", { rows: "3", id: "other", spellcheck: "false", placeholder: '{"cache": {"statuses": [200, 404]}}' });
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
  const made = h("form", { onsubmit: submit, oninput: () => (made.dataset.touched = "yes") },
    operatorsOnly(ctx, h("div", { class: "grid" }, fields),
      field("Other settings", other, "JSON, as they stand in the file (a merge patch); null: as by default"),
      h("div", { class: "grid" }, box.nodes), wrong,
      h("div", { class: "actions" }, h("button", { type: "button", onclick: reset }, "Discard"),
        h("button", { type: "submit", class: "primary" }, "Apply to all workers"))));
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
    if (patch === null || typeof patch !== "object" || Array.isArray(patch)) throw new Problem(0, "Other settings: expected an object.");
  }
  for (const [path, { control, was }] of inputs) {
    if (control.value === was) continue;
    const keys = path.split(".");
    const last = keys.pop();
    keys.reduce((found, key) => (found[key] ??= {}), patch)[last] = control.value.trim() || null;
  }
  return patch;
}

function settings(state, wanted) {
  const changed = new Map(state.overridden.map((one) => [one.path, one]));
  const rows = flat(state.policy).filter(([path]) => path.toLowerCase().includes(wanted)).map(([path, value]) => {
    const over = changed.get(path);
    return [h("code", {}, path), over ? h("strong", {}, as.setting(value)) : as.setting(value), over ? badge("warn", `file: ${as.setting(over.file)}`) : ""];
  });
  return table("Settings in force", [{ name: "Setting" }, { name: "Value", wide: true }, { name: "Overridden" }], rows, "No setting is called so.");
}

function flat(value, path = "") {
  if (value === null || typeof value !== "object" || Array.isArray(value) || !Object.keys(value).length) return [[path, value]];
  return Object.entries(value).flatMap(([key, one]) => flat(one, path ? `${path}.${key}` : key));
}
