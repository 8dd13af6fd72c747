// Format: figures as people read them.

const NONE = "–";
const LOCALE = "en";

/** A count, or a rate: three digits are enough below 100. */
export function number(value, digits = 0) {
  if (value === null || value === undefined || Number.isNaN(value)) return NONE;
  return value.toLocaleString(LOCALE, { maximumFractionDigits: digits, minimumFractionDigits: 0 });
}

/** A sum: to the cent where that is not lost in it. */
export function money(value) {
  const digits = value < 1000 ? 2 : 0;
  return value.toLocaleString(LOCALE, { maximumFractionDigits: digits, minimumFractionDigits: digits });
}

export function rate(value) {
  if (value === null || value === undefined) return NONE;
  return number(value, value < 10 ? 1 : 0);
}

export function share(value, digits = 1) {
  return value === null || value === undefined ? NONE : `${number(value * 100, digits)} %`;
}

/** How long something took: seconds. */
export function took(seconds) {
  if (seconds === null || seconds === undefined) return NONE;
  if (seconds < 0.001) return `${number(seconds * 1e6)} µs`;
  if (seconds < 1) return `${number(seconds * 1e3, seconds < 0.01 ? 1 : 0)} ms`;
  return seconds < 120 ? `${number(seconds, 2)} s` : span(seconds);
}

/** A span of time in its two largest units. */
export function span(seconds) {
  if (seconds === null || seconds === undefined) return NONE;
  const whole = Math.round(Math.abs(seconds));
  const units = [
    ["d", 86400],
    ["h", 3600],
    ["m", 60],
    ["s", 1],
  ];
  const first = units.findIndex(([, size]) => whole >= size);
  if (first < 0) return "0 s";
  const [unit, size] = units[first];
  const [small, smaller] = units[first + 1] ?? [];
  const rest = small ? Math.floor((whole % size) / smaller) : 0;
  return `${number(Math.floor(whole / size))} ${unit}${rest ? ` ${rest} ${small}` : ""}`;
}

export function ago(at, now = Date.now() / 1000) {
  const passed = now - at;
  return passed < 1.5 ? "just now" : `${span(passed)} ago`;
}

export function bytes(value) {
  if (value === null || value === undefined) return NONE;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const step = value < 1 ? 0 : Math.min(Math.floor(Math.log2(value) / 10), units.length - 1);
  return `${number(value / 1024 ** step, step && value / 1024 ** step < 100 ? 1 : 0)} ${units[step]}`;
}

export function clock(at) {
  return new Date(at * 1000).toLocaleTimeString("en-GB");
}

export function moment(at) {
  const day = new Date(at * 1000);
  const today = day.toDateString() === new Date().toDateString();
  return today ? clock(at) : `${day.toLocaleDateString("sv-SE")} ${clock(at)}`;
}

/** A value of a setting. */
export function setting(value) {
  if (value === null || value === undefined) return NONE;
  return typeof value === "string" ? value : JSON.stringify(value);
}
