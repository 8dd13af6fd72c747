// Overview: what is happening now, what it saves, and the last minutes of it.

import { Chart } from "../chart.js";
import { field, h, put, renew, section, select, table } from "../dom.js";
import { OUTCOMES, sum } from "../figures.js";
import * as as from "../format.js";
import { card } from "../parts.js";
import { costCards, price } from "./cost.js";

export const overview = { name: "overview", title: "Overview", open };

const WINDOWS = [
  ["300", "5 minutes"],
  ["900", "15 minutes"],
  ["3600", "1 hour"],
];

function open(place, { live }) {
  const cards = h("div", { class: "cards", "aria-label": "Now", role: "group" });
  const charts = made();
  const tables = h("div");
  const window = select(WINDOWS, "300", { id: "window", onchange: draw });
  const cost = h("div", { class: "cards", role: "group", "aria-label": "Estimated cost saved" });
  const lost = h("div");
  put(
    place,
    lost,
    cards,
    h("div", { class: "bar" }, field("Charts show the last", window)),
    h(
      "div",
      { class: "charts" },
      charts.map((chart) => chart.node),
    ),
    section(
      "Estimated cost saved",
      price(() => figures()),
      cost,
    ),
    tables,
  );

  function figures() {
    if (!live.now) return;
    renew(cost, costCards(live));
    renew(cards, nowCards(live));
    renew(tables, ownTables(live));
  }
  function draw() {
    const to = live.now?.at ?? Date.now() / 1000;
    const from = to - Number(window.value);
    const steps = live.steps.filter((one) => one.at >= from - 5);
    charts.forEach((chart) => chart.show(steps, from, to));
  }
  const end = live.listen(() => {
    renew(lost, live.lost && !live.now ? h("p", { class: "nothing" }, live.lost) : null);
    figures();
    draw();
  });
  return () => {
    end();
    charts.forEach((chart) => chart.close());
  };
}

function made() {
  return [
    new Chart({
      title: "Requests per second, by outcome",
      series: OUTCOMES.map((name) => ({ name, colour: name, value: (step) => step.perSecond[name] ?? 0 })),
      format: as.rate,
      stacked: true,
    }),
    new Chart({
      title: "Hit ratio",
      hint: "of requests that were looked up",
      series: [{ name: "hits", colour: "hit", value: (step) => step.hitRatio }],
      format: (value) => as.share(value, 0),
      top: 1,
    }),
    new Chart({
      title: "Latency",
      hint: "to the answer's last byte; logarithmic",
      series: [
        { name: "p50", colour: "first", value: (step) => step.p50 },
        { name: "p90", colour: "second", value: (step) => step.p90 },
        { name: "p99", colour: "third", value: (step) => step.p99 },
      ],
      format: as.took,
      log: true,
    }),
    new Chart({
      title: "Upstream time saved",
      hint: "seconds of work in each second",
      series: [{ name: "seconds per second", colour: "first", value: (step) => step.saved }],
      format: as.rate,
    }),
  ];
}

function nowCards({ now, recent }) {
  const all = sum(now.requests);
  return [
    card("Requests per second", as.rate(recent?.requests), `${as.number(all)} since the start`),
    card("Hit ratio", as.share(recent?.hitRatio), `${as.share(now.hit_ratio)} since the start`),
    card("Latency p50", as.took(recent?.p50), `p90 ${as.took(recent?.p90)}, p99 ${as.took(recent?.p99)}`),
    card(
      "Upstream time saved",
      recent ? `${as.rate(recent.saved)} s/s` : as.rate(null),
      `${as.span(now.saved_seconds)} since the start`,
    ),
    card(
      "In flight",
      as.number(now.in_flight),
      `${as.number(now.workers)} ${now.workers === 1 ? "worker" : "workers"}`,
    ),
  ];
}

function ownTables({ now, recent }) {
  const all = sum(now.requests);
  const outcomes = OUTCOMES.filter((name) => now.requests[name]).map((name) => [
    [h("span", { class: `swatch area of-${name}`, "aria-hidden": "true" }), name],
    as.rate(recent?.perSecond[name] ?? 0),
    as.number(now.requests[name]),
    as.share(now.requests[name] / all),
    as.took(now.latency_by_outcome[name]?.p50),
    as.took(now.latency_by_outcome[name]?.p99),
  ]);
  const routes = Object.entries(now.routes).map(([name, route]) => [
    name === "-" ? "no route" : h("a", { href: `#/routes/${encodeURIComponent(name)}` }, name),
    as.rate(recent?.routes[name]?.requests),
    as.number(sum(route.requests)),
    as.share(route.hit_ratio),
    as.number(route.stored),
    as.span(route.saved_seconds),
  ]);
  const tiers = Object.entries(now.tiers).map(([name, tier]) => [
    name,
    as.number(tier.entries),
    as.bytes(tier.bytes),
    as.number(tier.hits),
    as.number(tier.misses),
    as.number(tier.evictions),
    as.number(tier.errors),
    tier.out ? "out of use" : "in use",
  ]);
  const number = true;
  return [
    section(
      "Outcomes",
      table(
        "Requests by outcome",
        [
          { name: "Outcome", wide: true },
          { name: "Requests/s", number },
          { name: "Total", number },
          { name: "Share", number },
          { name: "p50", number },
          { name: "p99", number },
        ],
        outcomes,
        "No request yet.",
      ),
    ),
    section(
      "Routes",
      table(
        "Figures by route",
        [
          { name: "Route", wide: true },
          { name: "Requests/s", number },
          { name: "Total", number },
          { name: "Hit ratio", number },
          { name: "Stored", number },
          { name: "Time saved", number },
        ],
        routes,
        "No request yet.",
      ),
    ),
    section(
      "Tiers",
      table(
        "Tiers of the cache",
        [
          { name: "Tier", wide: true },
          { name: "Entries", number },
          { name: "Size", number },
          { name: "Hits", number },
          { name: "Misses", number },
          { name: "Evicted", number },
          { name: "Errors", number },
          { name: "State" },
        ],
        tiers,
        "No tier has been used yet.",
      ),
    ),
  ];
}
