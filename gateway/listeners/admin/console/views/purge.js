// Purge: what is to go is counted first, then confirmed, and then it is told who knows of it.

import { field, h, put, say, select } from "../dom.js";
import * as as from "../format.js";
import { badge, operatorsOnly, problemBox } from "../parts.js";
import { members } from "./fleet.js";

export const purge = { name: "purge", title: "Purge", open };

const SCOPES = [
  ["route", "All answers of a route"],
  ["tags", "Answers by surrogate keys"],
  ["prefix", "Answers by beginnings of surrogate keys"],
  ["keys", "Answers by their keys"],
  ["all", "Everything"],
];

function open(place, ctx, { query }) {
  const scope = select(SCOPES, SCOPES.find(([name]) => query.has(name))?.[0] ?? "route", {
    id: "scope",
    onchange: shape,
  });
  const value = h("div");
  const how = select(
    [
      ["purge", "Remove"],
      ["expire", "Expire"],
    ],
    "purge",
    { id: "how", onchange: forget },
  );
  const result = h("div");
  let routes = [];
  let follow = () => {};
  put(
    place,
    h("p", { class: "hint" }, "First it is counted what would go. Nothing is changed before you confirm."),
    h(
      "form",
      { onsubmit: count, oninput: forget },
      operatorsOnly(
        ctx,
        h(
          "div",
          { class: "grid" },
          field("What", scope),
          value,
          field("How", how, "expired ones stay for when the upstream fails"),
        ),
        h("div", { class: "actions" }, h("button", { type: "submit", class: "primary" }, "Count what it will hit")),
      ),
    ),
    result,
  );
  shape();
  ctx.api.get("routes").then((found) => {
    routes = found.routes.map((one) => one.name);
    shape();
  }, failed);

  function failed(problem) {
    put(result, problemBox(problem));
  }
  function forget() {
    follow();
    put(result);
  }
  function shape() {
    const asked = scope.value;
    const stated = query.get(asked) ?? "";
    if (asked === "route") put(value, field("Route", select(routes, stated, { id: "value" })));
    else if (asked === "all") put(value);
    else {
      const hint = {
        tags: "one a line, such as doc:42",
        prefix: "one a line, such as doc:kb1/",
        keys: "one a line: 64 hexadecimal digits",
      }[asked];
      const label = { tags: "Surrogate keys", prefix: "Beginnings", keys: "Keys" }[asked];
      put(value, field(label, h("textarea", { id: "value", rows: "3", spellcheck: "false", value: stated }), hint));
    }
    forget();
  }
  function orders() {
    const stated = value.querySelector("#value")?.value ?? "";
    const lines = stated
      .split("\n")
      .map((one) => one.trim())
      .filter(Boolean);
    switch (scope.value) {
      case "all":
        return { all: true };
      case "route":
        return { route: stated };
      case "prefix":
        return { tags: lines.map((one) => (one.endsWith("*") ? one : `${one}*`)) };
      default:
        return { [scope.value]: lines };
    }
  }
  async function count(event) {
    event.preventDefault();
    follow();
    put(result, h("p", {}, "Counting …"));
    const [body, path] = [orders(), how.value];
    try {
      const { would } = await ctx.api.post(path, { ...body, dry_run: true });
      const confirm = h(
        "button",
        { type: "button", class: "danger", onclick: () => done(path, body, confirm) },
        label(path, would),
      );
      put(
        result,
        h(
          "div",
          { class: "box warn" },
          h("p", {}, sentence(path, would)),
          h("p", { class: "hint" }, tiers(would)),
          h("div", { class: "actions" }, h("button", { type: "button", onclick: forget }, "Cancel"), confirm),
        ),
      );
      say(sentence(path, would));
      confirm.focus();
    } catch (problem) {
      failed(problem);
    }
  }
  async function done(path, body, button) {
    button.disabled = true;
    put(result, h("p", {}, "Waiting for all workers and replicas …"));
    try {
      const { body: told } = await ctx.api.ask("POST", path, body);
      tell(told);
    } catch (problem) {
      failed(problem);
    }
  }
  /** Who has acknowledged it: read again until all have. */
  function tell(told) {
    let timer = 0;
    let over = false;
    let spoken = "";
    follow = () => {
      over = true;
      clearTimeout(timer);
    };
    const look = async () => {
      try {
        const fleet = await ctx.api.get("fleet");
        if (over) return;
        const missing = fleet.members.filter((one) => one.acknowledged < told.version);
        const words = missing.length
          ? `Not confirmed yet: ${missing.length} of ${fleet.members.length} workers may still serve what was purged.`
          : `Confirmed by all ${as.number(fleet.members.length)} workers: what was purged is served nowhere.`;
        put(
          result,
          h(
            "div",
            { class: `box ${missing.length ? "warn" : "good"}` },
            h("p", {}, badge(missing.length ? "warn" : "good", words)),
            members(fleet, told.version),
          ),
        );
        if (words !== spoken) say((spoken = words));
        if (missing.length) timer = setTimeout(look, 1000);
      } catch (problem) {
        if (!over) failed(problem);
      }
    };
    look();
  }
  return () => follow();
}

function answers(would) {
  const least = would.complete ? "" : "at least ";
  return `${least}${as.number(would.entries)} stored ${would.entries === 1 ? "answer" : "answers"}`;
}

function label(path, would) {
  return `${path === "purge" ? "Remove" : "Expire"} ${answers(would)}`;
}

function sentence(path, would) {
  return path === "purge"
    ? `This removes ${answers(would)}, in every worker and replica. It cannot be undone.`
    : `This makes ${answers(would)} stale, in every worker and replica. It cannot be undone.`;
}

function tiers(would) {
  const each = Object.entries(would.tiers)
    .map(([name, entries]) => `${name} ${as.number(entries)}`)
    .join(", ");
  return `${each}.${would.complete ? "" : " There may be more: not all could be looked at."}`;
}
