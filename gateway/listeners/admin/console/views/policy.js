// Policy: changes of a route's policy, each asked about with its time-box and its reason before it is made.

import { part } from "../api.js";
import { field, h } from "../dom.js";
import { act, ask } from "../parts.js";

const MODES = {
  off: "Every request of this route goes upstream; nothing is served from the cache.",
  shadow: "Every request goes upstream; what would have been a hit is only counted.",
  on: "Stored answers are served.",
};

/** The fields that each change has. values(): {for, reason}, those that are stated. */
export function timeBox() {
  const lasts = h("input", { id: "lasts", list: "spans", value: "10m", autocomplete: "off" });
  const reason = h("input", { id: "reason", maxlength: "500", autocomplete: "off" });
  const nodes = [
    field("For", lasts, "such as 10m or 2h, then the route is as in the file again; empty: until somebody reverts it"),
    h(
      "datalist",
      { id: "spans" },
      ["10m", "1h", "8h", "1d"].map((one) => h("option", { value: one })),
    ),
    field("Reason", reason, "for those who look at it later"),
  ];
  const values = () => ({
    ...(lasts.value.trim() && { for: lasts.value.trim() }),
    ...(reason.value.trim() && { reason: reason.value.trim() }),
  });
  return { nodes, values };
}

/** Change a route. etag: of what its user has seen. Returns what to say. */
export async function change(ctx, name, patch, etag) {
  const { status, body } = await ctx.api.ask("PATCH", `routes/${part(name)}`, patch, { etag });
  return reached(status, body);
}

/** Who knows of a change already. */
export function reached(status, body) {
  if (status === 200) return "In force in every worker and replica.";
  return `In force here; not yet acknowledged by ${body.missing.map((one) => `${one.host} ${one.pid}`).join(", ")}.`;
}

/** Off, shadow, on: which it is, and the others to choose. */
export function modes(ctx, name, now, changed) {
  return h(
    "div",
    { class: "segments", role: "group", "aria-label": `Mode of ${name}` },
    Object.keys(MODES).map((mode) => {
      const button = act(ctx, mode, () => mode !== now && turn(ctx, name, mode, changed), { key: `${name} ${mode}` });
      button.setAttribute("aria-pressed", mode === now);
      return button;
    }),
  );
}

async function turn(ctx, name, mode, changed) {
  const box = timeBox();
  const done = await ask({
    title: `Turn ${name} to ${mode}?`,
    label: `Turn to ${mode}`,
    body: [h("p", {}, MODES[mode]), box.nodes],
    work: () => change(ctx, name, { cache: { mode }, ...box.values() }),
  });
  if (done) changed();
}

export async function revert(ctx, name, changed) {
  const done = await ask({
    title: `Revert ${name}?`,
    label: "Revert",
    body: [h("p", {}, "Its policy becomes what the file says, in every worker and replica.")],
    work: async () => {
      const { status, body } = await ctx.api.ask("DELETE", `routes/${part(name)}/override`);
      return reached(status, body);
    },
  });
  if (done) changed();
}
