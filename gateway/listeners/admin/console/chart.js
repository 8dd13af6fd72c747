// Chart: lines and stacked areas over time (uPlot), each with a legend of names, figures and dashes beside the colours.

import { h, put } from "./dom.js";
import { clock } from "./format.js";

const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3]];
const HEIGHT = 190;

/** A colour of the style sheet as it is now, in this theme. */
function colour(name) {
  const probe = h("span", { class: "unseen" });
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function faint(rgb, share) {
  return rgb.replace("rgb(", "rgba(").replace(")", `, ${share})`);
}

/** Lines at powers of ten alone, of a logarithmic scale. */
function powers(_, __, low, high) {
  const [from, to] = [Math.round(Math.log10(low)), Math.round(Math.log10(high))];
  return Array.from({ length: to - from + 1 }, (___, at) => 10 ** (from + at));
}

/** series: [{name, colour: of the style sheet, value: of a step in time}]. format: of a value.
 *
 * stacked, log, top: of the scale.
 */
export class Chart {
  constructor({ title, series, format, stacked = false, log = false, top = null, hint = "" }) {
    Object.assign(this, { title, series, format, stacked, log, top });
    this.plot = h("div", { class: "plot", role: "img" });
    this.legend = h("ul", { class: "legend", "aria-label": `${title}: now` });
    this.node = h(
      "figure",
      { class: "chart" },
      h("figcaption", {}, h("strong", {}, title), hint && h("span", { class: "hint" }, hint)),
      this.plot,
      this.legend,
    );
    this.rows = [[]];
    this.rebuild = () => this.build();
    this.sized = new ResizeObserver(() => this.made?.setSize({ width: this.plot.clientWidth, height: HEIGHT }));
    this.sized.observe(this.plot);
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.dark.addEventListener("change", this.rebuild);
    addEventListener("themechange", this.rebuild);
  }

  close() {
    this.sized.disconnect();
    this.dark.removeEventListener("change", this.rebuild);
    removeEventListener("themechange", this.rebuild);
    this.made?.destroy();
  }

  /** steps: what happened when, the oldest first. from, to: Unix seconds. */
  show(steps, from, to) {
    this.rows = [steps.map((step) => step.at), ...this.series.map(({ value }) => steps.map(value))];
    this.range = [from, to];
    if (!this.made) this.build();
    else this.made.setData(this.drawn());
    this.tell();
  }

  drawn() {
    if (!this.stacked) return this.rows;
    const [times, ...values] = this.rows;
    const under = times.map(() => 0);
    return [times, ...values.map((row) => row.map((value, at) => (under[at] += value ?? 0)))];
  }

  build() {
    if (!this.range || !this.plot.isConnected) return;
    this.made?.destroy();
    const text = colour("muted");
    const axis = {
      stroke: text,
      font: "12px system-ui, sans-serif",
      grid: { stroke: colour("grid"), width: 1 },
      ticks: { show: false },
    };
    const series = this.series.map(({ name, colour: of }, at) => {
      const stroke = colour(of);
      return {
        label: name,
        stroke,
        width: this.stacked ? 0 : 2,
        points: { show: false },
        dash: this.stacked ? [] : DASHES[at],
        fill: this.stacked ? faint(stroke, 0.85) : this.series.length === 1 ? faint(stroke, 0.12) : undefined,
      };
    });
    this.made = new uPlot(
      {
        width: this.plot.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        cursor: { y: false, drag: { setScale: false, x: false }, points: { show: !this.stacked } },
        scales: { x: { range: () => this.range }, y: this.scale() },
        axes: [
          {
            ...axis,
            size: 26,
            space: 70,
            values: (_, at) => at.map((one) => clock(one).slice(0, 5)),
            incrs: [60, 120, 300, 600, 900],
          },
          {
            ...axis,
            size: 62,
            splits: this.log ? powers : undefined,
            filter: (_, at) => at,
            values: (_, at) => at.map((one) => this.format(one)),
          },
        ],
        series: [{}, ...series],
        bands: this.stacked ? this.series.slice(1).map((_, at) => ({ series: [at + 2, at + 1] })) : [],
        hooks: { setCursor: [() => this.tell()] },
      },
      this.drawn(),
      this.plot,
    );
  }

  scale() {
    if (this.log)
      return {
        distr: 3,
        range: (_, low, high) => [
          10 ** Math.floor(Math.log10(low ?? 0.001)),
          10 ** Math.ceil(Math.log10(high ?? 1) + 0.01),
        ],
      };
    return { range: (_, __, high) => [0, this.top ?? Math.max(1, (high ?? 1) * 1.08)] };
  }

  /** The figures of where the pointer is, or of now. */
  tell() {
    const pointed = this.made?.cursor.idx;
    const at = pointed ?? this.rows[0].length - 1;
    const told = this.series.map(({ name }, n) => [name, this.rows[n + 1]?.[at] ?? null]);
    const shown = told
      .map(([name, value], n) => ({ name, value, n }))
      .filter(({ value }) => value !== null && (!this.stacked || value > 0));
    put(
      this.legend,
      shown.map(({ name, value, n }) =>
        h(
          "li",
          {},
          h("span", {
            class: `swatch ${this.stacked ? "area" : `dash-${n}`} of-${this.series[n].colour}`,
            "aria-hidden": "true",
          }),
          `${name} `,
          h("b", {}, this.format(value)),
        ),
      ),
      pointed !== null && pointed !== undefined ? h("li", { class: "hint" }, `at ${clock(this.rows[0][at])}`) : null,
    );
    const words = shown.map(({ name, value }) => `${name} ${this.format(value)}`).join(", ");
    this.plot.setAttribute("aria-label", `${this.title}: ${words || "nothing yet"}`);
  }
}
