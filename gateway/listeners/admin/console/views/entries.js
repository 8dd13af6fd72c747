// Entries: stored answers listed, the hottest of them, one looked at, and what would become of a request.

import { h, put } from "../dom.js";
import { open as browse } from "./browse.js";
import { open as entry } from "./entry.js";
import { open as explain } from "./explain.js";
import { open as hottest } from "./hottest.js";
import { open as warm } from "./warm.js";

export const entries = { name: "entries", title: "Entries", open };

const PARTS = [
  ["", "Browse", browse],
  ["hot", "Hottest", hottest],
  ["explain", "Explain a request", explain],
  ["warm", "Warm", warm],
];

function open(place, ctx, at) {
  const [name = "", ...rest] = at.path;
  const inner = h("div", { class: "view" });
  const links = PARTS.map(([path, label]) =>
    h(
      "a",
      { href: path ? `#/entries/${path}` : "#/entries", "aria-current": path === name ? "page" : undefined },
      label,
    ),
  );
  put(place, h("nav", { class: "tabs", "aria-label": "Parts of Entries" }, links), inner);
  const shown = name === "key" ? entry : (PARTS.find(([path]) => path === name)?.[2] ?? browse);
  return shown(inner, ctx, { ...at, path: rest });
}
