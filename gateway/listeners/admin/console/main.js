// Main: sign in, then one view after the other, by what stands behind the # of the address.

import { Api, Problem, unfit } from "./api.js";
import { field, h, put } from "./dom.js";
import { Live } from "./live.js";
import { badge, problemBox } from "./parts.js";
import { audit } from "./views/audit.js";
import { bloom } from "./views/bloom.js";
import { entries } from "./views/entries.js";
import { fleet } from "./views/fleet.js";
import { overview } from "./views/overview.js";
import { purge } from "./views/purge.js";
import { routes } from "./views/routes.js";
import { upstreams } from "./views/upstreams.js";

const VIEWS = [overview, routes, entries, purge, bloom, upstreams, fleet, audit];
const THEMES = { "": "Theme: system", light: "Theme: light", dark: "Theme: dark" };

const api = new Api();
const root = document.getElementById("console");
let live;
let leave = () => {};

start();

async function start() {
  try {
    const me = await api.get("me");
    open(me);
  } catch (problem) {
    if (problem.status === 401) signIn(api.token ? "This token is not known." : "");
    else
      put(
        root,
        h(
          "main",
          { class: "sign-in" },
          h("h1", {}, "ragfront"),
          problemBox(problem),
          h("button", { type: "button", onclick: start }, "Try again"),
        ),
      );
  }
}

function signIn(why) {
  close();
  api.keep("");
  const token = h("input", { type: "password", id: "token", autocomplete: "off", spellcheck: "false", required: true });
  const wrong = h("div", {}, why && problemBox(new Problem(401, why)));
  const enter = h("button", { type: "submit", class: "primary" }, "Sign in");
  async function submit(event) {
    event.preventDefault();
    const shown = token.value.trim();
    const odd = unfit(shown);
    if (odd) return put(wrong, problemBox(new Problem(401, odd)));
    enter.disabled = true;
    api.token = shown;
    try {
      const me = await api.get("me");
      api.keep(shown);
      open(me);
    } catch (problem) {
      api.keep("");
      enter.disabled = false;
      put(wrong, problemBox(problem.status === 401 ? new Problem(401, "This token is not known.") : problem));
      token.select();
    }
  }
  put(
    root,
    h(
      "main",
      { class: "sign-in" },
      h("h1", {}, "ragfront"),
      h(
        "form",
        { novalidate: true, onsubmit: submit },
        field(
          "Token",
          token,
          "Of the admin listener: admin.token or one of admin.tokens. It is kept until this tab is closed.",
        ),
        wrong,
        enter,
      ),
    ),
  );
  document.title = "Sign in · ragfront";
  token.focus();
}

function close() {
  api.rejected = () => {};
  removeEventListener("hashchange", go);
  closeDialogs();
  leave();
  leave = () => {};
  live?.stop();
  live = undefined;
}

let ctx;

function open(me) {
  api.rejected = () => signIn(api.token ? "This token is not accepted any more." : "");
  live = new Live(api);
  ctx = { api, me, live, operator: me.role === "operator", go: (hash) => (location.hash = hash) };
  const state = h("span", { id: "state" });
  live.listen(() => put(state, live.lost ? badge("bad", live.lost) : badge("good", "Live")));
  put(
    root,
    h("a", { class: "skip", href: "#view", onclick: toView }, "Skip to the view"),
    h(
      "header",
      {},
      h("a", { class: "brand", href: "#/overview" }, "ragfront"),
      state,
      h("span", { class: "who" }, `${me.name} · ${me.role}`),
      themeButton(),
      api.token && h("button", { type: "button", onclick: () => signIn("") }, "Sign out"),
    ),
    h(
      "nav",
      { "aria-label": "Views" },
      h(
        "ul",
        {},
        VIEWS.map((view) => h("li", {}, h("a", { href: `#/${view.name}` }, view.title))),
      ),
    ),
    h("main", { id: "view", tabindex: "-1" }),
    h(
      "footer",
      {},
      `ragfront ${me.version} · `,
      h("a", { href: "openapi.json" }, "OpenAPI"),
      " describes the API behind this page.",
    ),
  );
  live.start();
  addEventListener("hashchange", go);
  go();
}

function closeDialogs() {
  document.querySelectorAll("dialog").forEach((dialog) => dialog.close());
}

function toView(event) {
  event.preventDefault();
  document.getElementById("view").focus();
}

function go(event) {
  const [path, query] = location.hash.slice(1).split("?");
  const [name, ...rest] = path.split("/").filter(Boolean).map(decoded);
  const view = VIEWS.find((one) => one.name === name) ?? overview;
  closeDialogs();
  leave();
  for (const link of root.querySelectorAll("nav a")) {
    if (link.getAttribute("href") === `#/${view.name}`) {
      link.setAttribute("aria-current", "page");
      link.scrollIntoView({ block: "nearest", inline: "nearest" });
    } else link.removeAttribute("aria-current");
  }
  const place = document.getElementById("view");
  const title = h("h1", { tabindex: "-1" }, view.title);
  const body = h("div", { class: "view" });
  const why = ctx.operator
    ? null
    : h(
        "p",
        { id: "why-not", class: "box" },
        "You look as a viewer. What changes something is for operators, and cannot be used with this token.",
      );
  place.replaceChildren(title, ...(why ? [why] : []), body);
  document.title = `${view.title} · ragfront`;
  leave = view.open(body, ctx, { path: rest, query: new URLSearchParams(query ?? ""), title }) ?? (() => {});
  if (event) {
    scrollTo(0, 0);
    title.focus({ preventScroll: true });
  }
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function themeButton() {
  const button = h("button", { type: "button", id: "theme", onclick: turn });
  function tell() {
    button.textContent = THEMES[document.documentElement.dataset.theme ?? ""];
  }
  function turn() {
    const names = Object.keys(THEMES);
    const next = names[(names.indexOf(document.documentElement.dataset.theme ?? "") + 1) % names.length];
    if (next) document.documentElement.dataset.theme = next;
    else delete document.documentElement.dataset.theme;
    localStorage.setItem("ragfront.theme", next);
    tell();
    dispatchEvent(new Event("themechange"));
  }
  tell();
  return button;
}
