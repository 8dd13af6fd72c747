// Upstreams: how the replicas are, and taking one out of use.

import { part } from "../api.js";
import { h, put, renew, section, table } from "../dom.js";
import * as as from "../format.js";
import { act, ask, badge, every, facts, problemBox } from "../parts.js";

export const upstreams = { name: "upstreams", title: "Upstreams", open };

function open(place, ctx) {
  const list = h("div");
  put(place, list);
  const poll = every(2, read, show, (problem) => renew(list, problemBox(problem)));

  async function read() {
    const [found, stats] = await Promise.all([ctx.api.get("upstreams"), ctx.api.get("stats")]);
    return { found, stats };
  }
  function show({ found, stats }) {
    renew(
      list,
      found.workers > 1 &&
        h("p", { class: "hint" }, "The worst that any worker says of a replica; each judges for itself."),
      found.upstreams.map((one) => upstream(one, stats.upstreams[one.name])),
    );
  }
  function upstream(one, figures) {
    const calls = Object.entries(figures?.calls ?? {})
      .map(([result, count]) => `${result} ${as.number(count)}`)
      .join(", ");
    const turns = one.concurrency;
    return section(
      one.name,
      facts([
        ["Calls", calls || "none yet"],
        ["Latency p50", as.took(figures?.latency?.p50)],
        ["p99", as.took(figures?.latency?.p99)],
        ["Retries", `${as.number(one.retries)}, refused ${as.number(one.retries_refused)}`],
        turns && ["Calls at once", `${as.number(turns.in_flight)} of ${as.number(turns.limit)}`],
        turns && ["Queued", as.number(turns.queued)],
        turns && ["Shed", as.number(turns.shed)],
      ]),
      table(
        `Replicas of ${one.name}`,
        [
          { name: "Replica", wide: true },
          { name: "State" },
          { name: "Pending", number: true },
          { name: "Ejections", number: true },
          { name: "" },
        ],
        one.replicas.map((replica) => row(one.name, replica)),
      ),
    );
  }
  function row(name, replica) {
    const [verb, label] = replica.drained ? ["enable", "Enable"] : ["drain", "Drain"];
    const key = `${name} ${replica.name}`;
    return [
      [replica.url, !replica.url.endsWith(replica.name) && h("small", {}, replica.name)],
      state(replica),
      as.number(replica.pending),
      as.number(replica.ejections),
      act(ctx, label, () => turn(name, replica, verb), { key, name: `${label} ${replica.url}` }),
    ];
  }
  async function turn(name, replica, verb) {
    const done = await ask({
      title: verb === "drain" ? `Drain ${replica.url}?` : `Enable ${replica.url}?`,
      label: verb === "drain" ? "Drain" : "Enable",
      body: [
        h(
          "p",
          {},
          verb === "drain" ? "It gets no new calls from any worker; those under way end." : "It gets calls again.",
        ),
      ],
      work: async () => {
        await ctx.api.post(`upstreams/${part(name)}/${verb}`, { replica: replica.url });
        return verb === "drain" ? "Drained." : "Enabled.";
      },
    });
    if (done) poll.again();
  }
  return poll.stop;
}

/** In a word. Where workers differ about it, what each says. */
function state(replica) {
  const differ = replica.workers.map((one) => `worker ${one.worker}: ${judged({ ...replica, ...one })[1]}`);
  return [badge(...judged(replica)), differ.length > 0 && h("small", {}, differ.join(", "))];
}

function judged(replica) {
  if (replica.drained) return ["none", "drained"];
  if (replica.breaker !== "closed") return ["bad", `breaker ${replica.breaker}`];
  if (!replica.healthy) return ["bad", "unhealthy"];
  return replica.ejected ? ["warn", "ejected"] : ["good", "well"];
}
