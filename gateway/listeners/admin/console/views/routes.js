// Routes: the policy of each as it is in force, its mode at hand, and what stands over the file.

import { part } from "../api.js";
import { h, put, renew, section, table } from "../dom.js";
import { sum } from "../figures.js";
import * as as from "../format.js";
import { act, badge, every, problemBox } from "../parts.js";
import { modes, revert } from "./policy.js";
import { open as one } from "./route.js";

export const routes = { name: "routes", title: "Routes", open };

function open(place, ctx, at) {
  if (at.path.length) return one(place, ctx, at);
  const list = h("div");
  const over = h("div");
  put(place, list, section("Overrides", over));
  const poll = every(3, read, show, (problem) => renew(list, problemBox(problem)));

  async function read() {
    const [found, overrides, stats] = await Promise.all(
      ["routes", "overrides", "stats"].map((path) => ctx.api.get(path)),
    );
    return { routes: found.routes, overrides: overrides.overrides, stats };
  }
  function show({ routes: found, overrides, stats }) {
    renew(
      list,
      table(
        "Routes, in the order in which they are tried",
        [
          { name: "Route", wide: true },
          { name: "Mode" },
          { name: "TTL" },
          { name: "Requests", number: true },
          { name: "Hit ratio", number: true },
          { name: "Time saved", number: true },
          { name: "Policy" },
        ],
        found.map((route) => row(route, stats.routes[route.name])),
        "No route is configured: everything is streamed through.",
      ),
    );
    renew(
      over,
      table(
        "Overrides",
        [
          { name: "Route" },
          { name: "Changes", wide: true },
          { name: "Until" },
          { name: "Reason", wide: true },
          { name: "By" },
          { name: "" },
        ],
        overrides.map(line),
        "Everything is as the file says.",
      ),
    );
  }
  function row(route, figures) {
    return [
      [h("a", { href: `#/routes/${part(route.name)}` }, route.name), h("small", {}, matched(route.match))],
      modes(ctx, route.name, route.mode, poll.again),
      route.ttl,
      as.number(sum(figures?.requests)),
      as.share(figures?.hit_ratio),
      as.span(figures?.saved_seconds ?? 0),
      route.overridden
        ? badge("warn", route.until ? `overridden for ${as.span(route.until - Date.now() / 1000)}` : "overridden")
        : badge("none", "as the file says"),
    ];
  }
  function line(override) {
    return [
      h("a", { href: `#/routes/${part(override.route)}` }, override.route),
      h("code", {}, JSON.stringify(override.patch)),
      override.until
        ? [as.moment(override.until), h("small", {}, `in ${as.span(override.until - Date.now() / 1000)}`)]
        : "reverted",
      override.reason || "–",
      [override.who, h("small", {}, as.moment(override.at))],
      act(ctx, "Revert", () => revert(ctx, override.route, poll.again), {
        key: `revert ${override.route}`,
        name: `Revert ${override.route}`,
      }),
    ];
  }
  return poll.stop;
}

function matched(match) {
  const paths = match.path ? [match.path].flat().join(", ") : "any path";
  return `${match.method?.length ? match.method.join(", ") : "any method"} ${paths}`;
}
