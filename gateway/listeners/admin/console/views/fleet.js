// Fleet: all workers and replicas, what each has acknowledged, and the file's settings read anew.

import { part } from "../api.js";
import { h, put, renew, say, section, table } from "../dom.js";
import * as as from "../format.js";
import { act, ask, badge, every, facts, problemBox } from "../parts.js";

export const fleet = { name: "fleet", title: "Fleet", open };

function open(place, ctx) {
  const state = h("div");
  const list = h("div");
  const reload = h("div");
  put(
    place,
    state,
    section("Workers", list),
    section(
      "Settings file",
      h(
        "p",
        { class: "hint" },
        "Look at what has changed in the file before it is taken: all of it, or nothing where it is wrong.",
      ),
      act(ctx, "Compare with what is in force", compare),
      reload,
    ),
  );
  const poll = every(
    2,
    () => Promise.all([ctx.api.get("fleet"), ctx.api.get("workers")]),
    show,
    (problem) => renew(state, problemBox(problem)),
  );

  function show([found, { told }]) {
    const here = found.members.find((one) => one.id === found.me)?.host;
    const memory = (member) => {
      const own = member.host === here && told.find((one) => one.pid === member.pid);
      return own ? [as.bytes(own.bytes), h("small", {}, `${as.number(own.entries)} entries`)] : "–";
    };
    const action = (member) =>
      member.id === found.me
        ? h("small", {}, "serves this page")
        : act(ctx, "Write off", () => writeOff(member), {
            key: member.id,
            name: `Write off ${member.host} ${member.pid}`,
          });
    const behind = found.members.filter((one) => one.behind).length;
    renew(
      state,
      facts([
        [
          "Ledger",
          found.up
            ? badge("good", "there")
            : badge("bad", `away since ${found.seen ? as.moment(found.seen) : "the start"}`),
        ],
        ["Version", h("code", {}, String(found.version))],
        ["Workers", as.number(found.members.length)],
        ["Up to date", behind ? badge("warn", `${behind} behind`) : badge("good", "all")],
      ]),
    );
    renew(
      list,
      members(found, found.version, [
        [{ name: "Memory", number: true }, memory],
        [{ name: "" }, action],
      ]),
    );
  }
  async function writeOff(member) {
    const done = await ask({
      title: `Wait for ${member.host} ${member.pid} no more?`,
      label: "Write off",
      kind: "danger",
      body: [
        h(
          "p",
          {},
          "For a worker that is dead or cut off. Purges are confirmed without it from now on; ",
          "if it lives, it may go on serving what was purged until it comes back.",
        ),
      ],
      work: async () => {
        await ctx.api.post(`fleet/${part(member.id)}/write-off`);
        return "Written off.";
      },
    });
    if (done) poll.again();
  }
  async function compare() {
    try {
      const found = await ctx.api.post("reload?dry_run=true");
      put(
        reload,
        table(
          "Changes in the file",
          [{ name: "Setting" }, { name: "In force" }, { name: "In the file", wide: true }],
          found.changes.map((one) => [h("code", {}, one.path), as.setting(one.before), as.setting(one.after)]),
          "The file says what is in force.",
        ),
        found.restart.length ? h("p", {}, badge("warn", `Needs a restart: ${found.restart.join(", ")}`)) : null,
        found.changes.length ? act(ctx, "Take the file's settings", take, { kind: "primary" }) : null,
      );
      say(`${as.number(found.changes.length)} settings differ.`);
    } catch (problem) {
      put(reload, problemBox(problem));
    }
  }
  async function take() {
    try {
      await ctx.api.post("reload");
      const words = "All workers take the file's settings, one after the other.";
      put(reload, h("p", {}, badge("good", words)));
      say(words);
    } catch (problem) {
      put(reload, problemBox(problem));
    }
  }
  return poll.stop;
}

/** Workers, and whether each has acknowledged a version of the ledger. more: [column, cell of a member] each. */
export function members(found, version, more = []) {
  const rows = found.members.map((one) => [
    one.host,
    String(one.pid),
    as.moment(one.since),
    as.ago(one.seen),
    one.acknowledged >= version ? badge("good", "acknowledged") : badge("warn", `behind, at ${one.acknowledged}`),
    ...more.map(([, cell]) => cell(one)),
  ]);
  return table(
    "Workers",
    [
      { name: "Host", wide: true },
      { name: "Process" },
      { name: "Since" },
      { name: "Heard of" },
      { name: "State" },
      ...more.map(([column]) => column),
    ],
    rows,
    "No worker has registered yet.",
  );
}
