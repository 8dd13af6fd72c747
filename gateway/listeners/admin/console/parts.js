// Parts: what several views are made of: badges, problems, dialogs, and controls that are for operators only.

import { h, say } from "./dom.js";

const MARKS = { good: "●", warn: "▲", bad: "■", none: "○" };

/** A state in words, with a mark whose shape says the same as its colour. kind: good, warn, bad or none. */
export function badge(kind, text) {
  return h("span", { class: `badge ${kind}` }, h("span", { "aria-hidden": "true" }, MARKS[kind]), ` ${text}`);
}

/** What went wrong, each thing with where it stands. */
export function problemBox(problem) {
  const errors = (problem.errors ?? []).map((one) =>
    h("li", {}, one.pointer || one.parameter ? h("code", {}, one.pointer ?? one.parameter) : null, ` ${one.detail}`),
  );
  return h(
    "div",
    { class: "box bad", role: "alert" },
    h("p", {}, badge("bad", problem.message)),
    errors.length ? h("ul", {}, errors) : null,
  );
}

/** A button that changes something: for viewers it is there, but cannot be used, and the view says why. */
export function act(ctx, label, onclick, { kind = "", key, name, disabled = false, type = "button" } = {}) {
  return h(
    "button",
    {
      type,
      class: kind,
      "data-key": key,
      "aria-label": name,
      onclick: onclick && (() => onclick()),
      disabled: disabled || !ctx.operator,
      "aria-describedby": ctx.operator ? undefined : "why-not",
      title: ctx.operator ? undefined : "For operators; this token is a viewer's",
    },
    label,
  );
}

/** Fields in it can be used by operators only. */
export function operatorsOnly(ctx, ...children) {
  return h(
    "fieldset",
    { class: "plain", disabled: !ctx.operator, "aria-describedby": ctx.operator ? undefined : "why-not" },
    children,
  );
}

/** Ask before something is done. work: does it and returns what to say; its Problem is shown here, and can be mended.
 *
 * Resolves to true once it is done; to false where it was left.
 */
export function ask({ title, body = [], label, kind = "primary", work }) {
  return new Promise((resolve) => {
    const problem = h("div");
    const yes = h("button", { type: "submit", class: kind }, label);
    let done = false;
    const dialog = h(
      "dialog",
      {
        "aria-labelledby": "dialog-title",
        onclose: () => {
          dialog.remove();
          resolve(done);
        },
      },
      h(
        "form",
        { onsubmit: submit },
        h("h2", { id: "dialog-title" }, title),
        body,
        problem,
        h("div", { class: "actions" }, h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"), yes),
      ),
    );
    async function submit(event) {
      event.preventDefault();
      yes.disabled = true;
      try {
        say((await work()) ?? "Done.");
        done = true;
        dialog.close();
      } catch (wrong) {
        problem.replaceChildren(problemBox(wrong));
        yes.disabled = false;
      }
    }
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Read a view's figures now, and again every so many seconds while somebody looks; what is returned ends that.
 *
 * show: gets what was read. failed: gets the Problem.
 */
export function every(seconds, read, show, failed) {
  let timer = 0;
  let turn = 0; // whoever has been overtaken by a later look, or by the end, says nothing
  async function look() {
    clearTimeout(timer);
    const own = ++turn;
    if (!document.hidden) {
      try {
        const found = await read();
        if (own === turn) show(found);
      } catch (problem) {
        if (own === turn) failed(problem);
      }
    }
    if (own === turn) timer = setTimeout(look, seconds * 1000);
  }
  look();
  return {
    again: look,
    stop() {
      turn++;
      clearTimeout(timer);
    },
  };
}

/** Pairs of names and values. */
export function facts(pairs) {
  return h(
    "dl",
    { class: "facts" },
    pairs.filter(Boolean).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
  );
}

/** A share of something, from 0 to 1, with the words for it. warn: above this it is too much. */
export function gauge(share, words, warn = Infinity) {
  const bar = h("span", { class: `gauge ${share > warn ? "full" : ""}`, "aria-hidden": "true" });
  bar.style.setProperty("--share", `${Math.min(100, share * 100)}%`);
  return h("span", { class: "gauged" }, bar, words);
}

/** One figure, large. below: what there is to say about it. */
export function card(name, value, below = "") {
  return h(
    "div",
    { class: "card" },
    h("span", { class: "name" }, name),
    h("strong", {}, value),
    h("span", { class: "hint" }, below),
  );
}
