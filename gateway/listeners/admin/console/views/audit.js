// Audit: who changed what, from where, and what came of it.

import { h, put, table } from "../dom.js";
import * as as from "../format.js";
import { badge, every, problemBox } from "../parts.js";

export const audit = { name: "audit", title: "Audit", open };

function open(place, { api }) {
  const list = h("div");
  put(
    place,
    h(
      "p",
      { class: "hint" },
      "The last 200 changes, and attempts, since the start of the worker that serves this page. The log has them all.",
    ),
    list,
  );
  let shown = "";
  const poll = every(
    3,
    () => api.get("audit?limit=200"),
    ({ changes }) => {
      const now = JSON.stringify(changes);
      if (now === shown) return; // what its reader has unfolded stays so
      shown = now;
      put(
        list,
        table(
          "Changes, the newest first",
          [
            { name: "When" },
            { name: "Who" },
            { name: "What", wide: true },
            { name: "Result" },
            { name: "Before and after", wide: true },
          ],
          changes.map(line),
          "Nothing was changed yet.",
        ),
      );
    },
    (problem) => put(list, problemBox(problem)),
  );
  return poll.stop;
}

function line(change) {
  return [
    as.moment(change.at),
    [change.who, h("small", {}, `${change.role}, ${change.source}`)],
    h("code", {}, change.what),
    [result(change), change.result && h("small", {}, change.result)],
    change.before === null && change.after === null
      ? "–"
      : h(
          "details",
          {},
          h("summary", {}, "show"),
          h("pre", {}, JSON.stringify({ before: change.before, after: change.after }, null, 2)),
        ),
  ];
}

function result({ status, after }) {
  if (status >= 300) return badge("bad", `refused (${status})`);
  if (after?.dry_run) return badge("none", "only counted");
  return badge(status === 200 ? "good" : "warn", `done (${status})`);
}
