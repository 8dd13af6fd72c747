// Figures: what two readings of the totals say about the time between them. No DOM, no clock.

export const STORED = ["hit", "stale", "empty"];
const LOOKED_UP = [...STORED, "miss", "collapsed", "degraded", "shed"];

/** Outcomes from the cheapest to the worst, as charts stack them. */
export const OUTCOMES = [
  "hit",
  "stale",
  "empty",
  "collapsed",
  "rejected",
  "miss",
  "bypass",
  "degraded",
  "shed",
  "error",
];

/** Outcomes for which no upstream was asked on this client's account. */
export const SPARED = ["hit", "empty", "collapsed", "rejected"];

/** By how much totals have grown; those that began anew, after a restart, count from nothing. */
export function grown(before, now) {
  const made = {};
  for (const [name, value] of Object.entries(now ?? {})) {
    const earlier = before?.[name] ?? 0;
    made[name] = value >= earlier ? value - earlier : value;
  }
  return made;
}

export function sum(totals, names = Object.keys(totals ?? {})) {
  return names.reduce((added, name) => added + (totals?.[name] ?? 0), 0);
}

/** Of the requests that were looked up, those that a stored answer did for; null where there were none. */
export function hitRatio(outcomes) {
  const lookedUp = sum(outcomes, LOOKED_UP);
  return lookedUp ? sum(outcomes, STORED) / lookedUp : null;
}

/** The value that `part` of the observations did not exceed, as far as buckets tell: seconds, or null. */
export function percentile(bounds, counts, part) {
  const wanted = part * counts.reduce((a, b) => a + b, 0);
  if (!wanted) return null;
  let passed = 0;
  let low = 0;
  for (let at = 0; at < bounds.length; at++) {
    if (counts[at] && passed + counts[at] >= wanted) {
      return low + ((bounds[at] - low) * Math.max(0, wanted - passed)) / counts[at];
    }
    passed += counts[at];
    low = bounds[at];
  }
  return bounds.length ? bounds[bounds.length - 1] : null;
}

/** What happened between two readings of /admin/stats. */
export function between(before, now) {
  const seconds = Math.max(now.at - before.at, 1e-3);
  const outcomes = grown(before.requests, now.requests);
  const latency = now.latency && {
    bounds: now.latency.bounds,
    counts: now.latency.counts.map((count, at) => Math.max(0, count - (before.latency?.counts[at] ?? 0))),
  };
  const at = (part) => (latency ? percentile(latency.bounds, latency.counts, part) : null);
  const saved = grown({ all: before.saved_seconds }, { all: now.saved_seconds }).all;
  return {
    at: now.at,
    outcomes,
    perSecond: Object.fromEntries(Object.entries(outcomes).map(([name, count]) => [name, count / seconds])),
    requests: sum(outcomes) / seconds,
    hitRatio: hitRatio(outcomes),
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    saved: saved / seconds,
    spared: sum(outcomes, SPARED) / seconds,
    routes: Object.fromEntries(
      Object.entries(now.routes).map(([name, route]) => {
        const own = grown(before.routes[name]?.requests, route.requests);
        return [name, { requests: sum(own) / seconds, hitRatio: hitRatio(own) }];
      }),
    ),
  };
}
