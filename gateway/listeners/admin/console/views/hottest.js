// Hottest: the answers asked for most, or those that save the most upstream time.

import { field, h, put, renew, select, table } from "../dom.js";
import * as as from "../format.js";
import { every, gauge, problemBox } from "../parts.js";
import { keyLink } from "./browse.js";

export function open(place, ctx) {
  const by = select(
    [
      ["hits", "by requests"],
      ["saved", "by upstream time saved"],
    ],
    "hits",
    { id: "by", onchange: () => poll.again() },
  );
  const list = h("div");
  put(place, h("div", { class: "bar" }, field("Ranked", by)), list);
  const poll = every(
    3,
    () => ctx.api.get(`entries/top?by=${by.value}&limit=50`),
    show,
    (problem) => renew(list, problemBox(problem)),
  );

  function show(found) {
    const most = found.entries[0]?.share || 1;
    renew(
      list,
      h("p", { class: "hint" }, `Out of ${as.number(found.samples)} samples of requests; older ones count for less.`),
      table(
        "Hottest answers",
        [
          { name: "Key" },
          { name: "Route" },
          { name: "Path", wide: true },
          { name: by.value === "hits" ? "Of all requests" : "Of all time saved" },
        ],
        found.entries.map((one) => [
          keyLink(one.key),
          one.route,
          h("code", {}, one.path),
          gauge(one.share / most, as.share(one.share)),
        ]),
        "No request has been sampled yet.",
      ),
    );
  }
  return poll.stop;
}
