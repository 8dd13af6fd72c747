// Overview: what is happening now, what it saves, and the last minutes of it.

import { Chart } from "../chart.js";
import { field, h, put, section, select, table } from "../dom.js";
import { OUTCOMES, SPARED, sum } from "../figures.js";
import * as as from "../format.js";

export const overview = { name: "overview", title: "Overview", open };

const PRICE = "ragfront.price";
const WINDOWS = [["300", "5 minutes"], ["900", "15 minutes"], ["3600", "1 hour"]];

function open(place, { live }) {
  const cards = h("div", { class: "cards", "aria-label": "Now", role: "group" });
  const charts = made();
  const tables = h("div");
  const window = select(WINDOWS, "300", { id: "window", onchange: draw });
  const cost = h("div", { class: "cards", role: "group", "aria-label": "Estimated cost saved" });
  const lost = h("div");
  put(place, lost, cards,
    h("div", { class: "bar" }, field("Charts show the last", window)),
    h("div", { class: "charts" }, charts.map((chart) => chart.node)),
    section("Estimated cost saved", price(() => figures()), cost),
    tables);

  function figures() {
    if (!live.now) return;
    put(cost, costCards(live));
    put(cards, nowCards(live));
    put(tables, ownTables(live));
  }
  function draw() {
    const to = live.now?.at ?? Date.now() / 1000;
    const from = to - Number(window.value);
    const steps = live.steps.filter((one) => one.at >= from - 5);
    const times = steps.map((one) => one.at);
    charts.forEach((chart) => chart.show([times, ...chart.rows_(steps)], from, to));
  }
  const end = live.listen(() => {
    put(lost, live.lost && !live.now ? h("p", { class: "nothing" }, live.lost) : null);
    figures();
    draw();
  });
  return () => {
    end();
    charts.forEach((chart) => chart.close());
  };
}

function made() {
  const requests = new Chart({
    title: "Requests per second, by outcome", stacked: true, format: as.rate,
    series: OUTCOMES.map((name) => ({ name, colour: name })),
  });
  requests.rows_ = (steps) => OUTCOMES.map((name) => steps.map((one) => one.perSecond[name] ?? 0));
  const hits = new Chart({
    title: "Hit ratio", hint: "of requests that were looked up", format: (value) => as.share(value, 0), top: 1,
    series: [{ name: "hits", colour: "hit" }],
  });
  hits.rows_ = (steps) => [steps.map((one) => one.hitRatio)];
  const latency = new Chart({
    title: "Latency", hint: "to the answer's last byte; logarithmic", format: as.took, log: true,
    series: [{ name: "p50", colour: "first" }, { name: "p90", colour: "second" }, { name: "p99", colour: "third" }],
  });
  latency.rows_ = (steps) => ["p50", "p90", "p99"].map((part) => steps.map((one) => one[part]));
  const saved = new Chart({
    title: "Upstream time saved", hint: "seconds of work in each second", format: as.rate,
    series: [{ name: "seconds per second", colour: "first" }],
  });
  saved.rows_ = (steps) => [steps.map((one) => one.saved)];
  return [requests, hits, latency, saved];
}

function card(name, value, below = "") {
  return h("div", { class: "card" }, h("span", { class: "name" }, name), h("strong", {}, value), h("span", { class: "hint" }, below));
}

function nowCards({ now, recent }) {
  const all = sum(now.requests);
  return [
    card("Requests per second", as.rate(recent?.requests), `${as.number(all)} since the start`),
    card("Hit ratio", as.share(recent?.hitRatio), `${as.share(now.hit_ratio)} since the start`),
    card("Latency p50", as.took(recent?.p50), `p90 ${as.took(recent?.p90)}, p99 ${as.took(recent?.p99)}`),
    card("Upstream time saved", recent ? `${as.rate(recent.saved)} s/s` : as.rate(null), `${as.span(now.saved_seconds)} since the start`),
    card("In flight", as.number(now.in_flight), `${as.number(now.workers)} ${now.workers === 1 ? "worker" : "workers"}`),
  ];
}

/** {per: "second" or "thousand", amount, unit}: what its user has typed in; no price is known here. */
function priced() {
  try {
    return JSON.parse(localStorage.getItem(PRICE)) ?? {};
  } catch {
    return {};
  }
}

function price(changed) {
  const kept = priced();
  const amount = h("input", { type: "number", min: "0", step: "any", inputmode: "decimal", id: "price", value: kept.amount ?? "" });
  const unit = h("input", { id: "unit", maxlength: "8", size: "6", value: kept.unit ?? "", autocomplete: "off" });
  const per = select([["second", "per second of upstream work"], ["thousand", "per 1,000 answers"]], kept.per ?? "second", { id: "per" });
  const keep = () => {
    localStorage.setItem(PRICE, JSON.stringify({ amount: amount.value, unit: unit.value.trim(), per: per.value }));
    changed();
  };
  for (const one of [amount, unit, per]) one.addEventListener("input", keep);
  return [
    h("p", { class: "hint" }, "What does your upstream cost? The figure stays in this browser."),
    h("div", { class: "bar" }, field("Price", amount), field("Currency", unit), field("For", per)),
  ];
}

function costCards({ now, recent }) {
  const { amount, unit = "", per = "second" } = priced();
  if (!(Number(amount) > 0)) return [h("p", { class: "nothing" }, "Type a price to see what was saved.")];
  const each = per === "second" ? Number(amount) : Number(amount) / 1000;
  const money = (value) => `${as.number(value, value < 100 ? 2 : 0)} ${unit}`.trim();
  const total = per === "second" ? now.saved_seconds : sum(now.requests, SPARED);
  const lately = recent && (per === "second" ? recent.saved : recent.spared);
  const of = per === "second" ? `${as.span(total)} of upstream work` : `${as.number(total)} answers without an upstream call`;
  return [
    card("Saved since the start", money(total * each), of),
    card("At the present rate", recent ? `${money(lately * each * 3600)} an hour` : as.rate(null), ""),
  ];
}

function ownTables({ now, recent }) {
  const all = sum(now.requests);
  const outcomes = OUTCOMES.filter((name) => now.requests[name]).map((name) => [
    [h("span", { class: `swatch area of-${name}`, "aria-hidden": "true" }), name],
    as.rate(recent?.perSecond[name] ?? 0), as.number(now.requests[name]), as.share(now.requests[name] / all),
    as.took(now.latency_by_outcome[name]?.p50), as.took(now.latency_by_outcome[name]?.p99),
  ]);
  const routes = Object.entries(now.routes).map(([name, route]) => [
    name === "-" ? "no route" : h("a", { href: `#/routes/${encodeURIComponent(name)}` }, name),
    as.rate(recent?.routes[name]?.requests), as.number(sum(route.requests)), as.share(route.hit_ratio),
    as.number(route.stored), as.span(route.saved_seconds),
  ]);
  const tiers = Object.entries(now.tiers).map(([name, tier]) => [
    name, as.number(tier.entries), as.bytes(tier.bytes), as.number(tier.hits), as.number(tier.misses), as.number(tier.evictions),
    as.number(tier.errors), tier.out ? "out of use" : "in use",
  ]);
  const number = true;
  return [
    section("Outcomes", table("Requests by outcome", [
      { name: "Outcome", wide: true }, { name: "Requests/s", number }, { name: "Total", number }, { name: "Share", number },
      { name: "p50", number }, { name: "p99", number }], outcomes, "No request yet.")),
    section("Routes", table("Figures by route", [
      { name: "Route", wide: true }, { name: "Requests/s", number }, { name: "Total", number }, { name: "Hit ratio", number },
      { name: "Stored", number }, { name: "Time saved", number }], routes, "No request yet.")),
    section("Tiers", table("Tiers of the cache", [
      { name: "Tier", wide: true }, { name: "Entries", number }, { name: "Size", number }, { name: "Hits", number },
      { name: "Misses", number }, { name: "Evicted", number }, { name: "Errors", number }, { name: "State" }], tiers, "No tier has been used yet.")),
  ];
}
