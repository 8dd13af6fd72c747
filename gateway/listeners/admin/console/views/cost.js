// Cost: what was saved, by a price that its user types in and that stays in this browser; none is known here.

import { field, h, select } from "../dom.js";
import { SPARED, sum } from "../figures.js";
import * as as from "../format.js";
import { card } from "../parts.js";

const PRICE = "ragfront.price";

/** {per: "second" or "thousand", amount, unit}: what its user has typed in; no price is known here. */
function priced() {
  try {
    return JSON.parse(localStorage.getItem(PRICE)) ?? {};
  } catch {
    return {};
  }
}

/** Where a price is typed in. changed: told of it. */
export function price(changed) {
  const kept = priced();
  const amount = h("input", {
    type: "number",
    min: "0",
    step: "any",
    inputmode: "decimal",
    id: "price",
    value: kept.amount ?? "",
  });
  const unit = h("input", { id: "unit", maxlength: "8", size: "6", value: kept.unit ?? "", autocomplete: "off" });
  const per = select(
    [
      ["second", "per second of upstream work"],
      ["thousand", "per 1,000 answers"],
    ],
    kept.per ?? "second",
    { id: "per" },
  );
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

/** What was saved by that price. */
export function costCards({ now, recent }) {
  const { amount, unit = "", per = "second" } = priced();
  if (!(Number(amount) > 0)) return [h("p", { class: "nothing" }, "Type a price to see what was saved.")];
  const each = per === "second" ? Number(amount) : Number(amount) / 1000;
  const money = (value) => `${as.money(value)} ${unit}`.trim();
  const total = per === "second" ? now.saved_seconds : sum(now.requests, SPARED);
  const lately = recent && (per === "second" ? recent.saved : recent.spared);
  const of =
    per === "second" ? `${as.span(total)} of upstream work` : `${as.number(total)} answers without an upstream call`;
  return [
    card("Saved since the start", money(total * each), of),
    card("At the present rate", recent ? `${money(lately * each * 3600)} an hour` : as.rate(null), ""),
  ];
}
