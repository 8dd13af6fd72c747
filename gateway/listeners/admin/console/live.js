// Live: the figures, read every other second while somebody looks, and the last hour of them.

import { between } from "./figures.js";

const EVERY = 2000; // milliseconds
const KEPT = 1800; // readings: an hour
const RECENT = 10; // seconds that "now" is an average of

export class Live {
  constructor(api) {
    this.api = api;
    this.readings = [];
    this.steps = []; // what happened between two readings
    this.lost = ""; // why there are no figures
    this.heard = new Set();
    this.timer = 0;
    this.seen = () => document.hidden || this.read();
  }

  start() {
    document.addEventListener("visibilitychange", this.seen);
    return this.read();
  }

  stop() {
    document.removeEventListener("visibilitychange", this.seen);
    clearTimeout(this.timer);
    this.stopped = true;
    this.heard.clear();
  }

  /** Be told after each reading; what is returned ends that. */
  listen(told) {
    this.heard.add(told);
    if (this.now || this.lost) told();
    return () => this.heard.delete(told);
  }

  get now() {
    return this.readings.at(-1);
  }

  /** What happened lately; null before the second reading. */
  get recent() {
    const first = this.readings.find((one) => one.at >= this.now.at - RECENT - 1);
    return first && first !== this.now ? between(first, this.now) : null;
  }

  async read() {
    clearTimeout(this.timer);
    if (this.reading || this.stopped) return;
    this.reading = true;
    try {
      const found = await this.api.get("stats");
      if (this.now && found.at > this.now.at) this.steps.push(between(this.now, found));
      // One reading in a while is enough of those that only rates are made of.
      this.readings = [...this.readings.filter((one) => one.at > found.at - 2 * RECENT), found];
      this.steps = this.steps.slice(-KEPT);
      this.lost = "";
    } catch (problem) {
      this.lost = problem.message;
    }
    this.reading = false;
    if (this.stopped) return;
    this.heard.forEach((told) => told());
    if (!document.hidden) this.timer = setTimeout(() => this.read(), EVERY);
  }
}
