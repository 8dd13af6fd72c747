// Warm: questions whose answers are made ready before anybody asks, at a pace that spares the upstream.

import { part } from "../api.js";
import { field, h, put, renew, say, section, table } from "../dom.js";
import * as as from "../format.js";
import { act, badge, every, gauge, operatorsOnly, problemBox } from "../parts.js";

const STATES = { running: "good", done: "none", cancelled: "warn" };

export function open(place, ctx) {
  const lines = h("textarea", {
    id: "questions",
    rows: "6",
    spellcheck: "false",
    required: true,
    placeholder: '{"path": "/rag", "body": {"query": "…"}}',
  });
  const rate = h("input", { id: "rate", value: "5/s", autocomplete: "off" });
  const wrong = h("div");
  const list = h("div");
  put(
    place,
    h(
      "form",
      { onsubmit: start },
      operatorsOnly(
        ctx,
        field("Questions", lines, "a line of JSON each: path and body, and method or headers where they matter"),
        h("div", { class: "grid" }, field("Pace", rate, "upstream calls, such as 5/s or 30/m; free turns only")),
        wrong,
        h("div", { class: "actions" }, h("button", { type: "submit", class: "primary" }, "Make their answers ready")),
      ),
    ),
    section("Uploads", list),
  );
  const poll = every(
    2,
    () => ctx.api.get("warm"),
    ({ jobs }) => renew(list, shown(jobs)),
    (problem) => renew(list, problemBox(problem)),
  );

  async function start(event) {
    event.preventDefault();
    put(wrong);
    try {
      const { body } = await ctx.api.ask("POST", `warm?rate=${part(rate.value.trim())}`, undefined, {
        lines: lines.value,
      });
      say(`${as.number(body.questions)} questions are being asked.`);
      lines.value = "";
      poll.again();
    } catch (problem) {
      put(wrong, problemBox(problem));
    }
  }
  async function cancel(id) {
    try {
      await ctx.api.ask("DELETE", `warm/${part(id)}`);
      poll.again();
    } catch (problem) {
      put(wrong, problemBox(problem));
    }
  }
  function shown(jobs) {
    const number = true;
    return table(
      "Uploads",
      [
        { name: "Began" },
        { name: "State" },
        { name: "Progress", wide: true },
        { name: "Stored", number },
        { name: "Present", number },
        { name: "Failed", number },
        { name: "Shed", number },
        { name: "Not asked", number },
        { name: "" },
      ],
      jobs.map((job) => [
        as.moment(job.began),
        badge(STATES[job.state] ?? "none", job.state),
        gauge(job.questions ? job.done / job.questions : 1, `${as.number(job.done)} of ${as.number(job.questions)}`),
        as.number(job.stored),
        as.number(job.present),
        as.number(job.failed),
        as.number(job.shed),
        as.number(job.not_asked),
        job.state === "running"
          ? act(ctx, "Cancel", () => cancel(job.id), {
              key: job.id,
              name: `Cancel the upload of ${as.moment(job.began)}`,
            })
          : "",
      ]),
      "Nothing was uploaded since the start.",
    );
  }
  return poll.stop;
}
