"""Penetration: floods of questions that no cache can hold the answer to, beside normal traffic.

Claims, with the defence that is made for it on: a flood makes <= 5 upstream calls/s beyond those of normal traffic (a
budget: what it allows), 100 % of normal traffic is answered within 2 s, and the P99 of its hits stays below 50 ms. A
limit on calls at once shields the service from any flood, but does not tell who is let in.

Floods: (a) random letters, (b) repeats of 300 questions that nothing is found for, (c) ids that do not exist. Normal
traffic: 200 requests/s by 50 clients, Zipf's law over 500 questions that are stored, one in twenty never asked before.
The service has 32 slots, takes 0.1 s for an answer (320/s at most) and thrashes beyond (bench/thrashing.py). Null
markers last 2 s here instead of 90 s, and the 300 questions stand for the 13,500 of 90 s. Clients leave after 2 s.

One core for the gateway; the flood, normal traffic and the service share the other, in processes of their own. The
flood has 256 connections: it is offered at its rate, and what is due while all of them wait is not sent, and told. What
a flood of more than the gateway's core can reject does to hits is a matter of its CPU time, told as well: for more,
there are more workers. `--rate` offers less, where a machine is shared.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from bench import offering, servers
from bench.client import calls
from bench.harness import HERE, WORK, Server, begin, console, need, parser, report, verdict
from bench.overload import bar, service

SLOTS, WORK_TIME, PATIENCE = 32, 0.1, 2.0
NORMAL, CLIENTS = 200, 50
FLOOD, ATTACKERS = 10_000, 8
EXTRA_CALLS, SUCCESS, HIT_P99 = 5, 100, 50
FLOODS = {"random": "(a) random letters", "empty": "(b) repeats of empty ones", "ids": "(c) unknown ids"}
NGINX, NONE = "nginx proxy_cache", "none"
BUDGET_RATE = 60  # per client and minute


@dataclass(frozen=True)
class Defence:
    """Settings of the route and of the upstream. floods: which it is tried against."""

    name: str
    route: str = ""
    upstream: str = ""
    made_for: tuple[str, ...] = ()
    floods: tuple[str, ...] = tuple(FLOODS)


_MARKERS = "empty: {when: [{pointer: /response/retrieved_docs, is: []}], ttl: 2s}"
# Services that find nothing are often not cached at all then, lest it should be there a minute later.
_NOT_STORED = "cache: {ttl: 1h, store_unless: [{pointer: /response/retrieved_docs, is: []}]}"
_BUDGET = f"budget: {{rate: {BUDGET_RATE}/m, burst: 20}}"
_ADAPTIVE = "concurrency: {mode: adaptive, limit: 16, wait: 500ms}"
_BLOOM = {
    "vocabulary": "vocabulary: {{mode: enforce, file: {folder}/terms.bloom, pointers: [/query]}}",
    "known": "known: {{mode: enforce, file: {folder}/ids.bloom, at: /kb_id}}",
    "seen_empty": "seen_empty: {{mode: enforce}}",
}


def _bloom(*names: str) -> str:
    return "bloom: {" + ", ".join(_BLOOM[name].format(folder=WORK.absolute()) for name in names) + "}"


KNOWN = Defence("known", _bloom("known"), made_for=("ids",), floods=("ids",))
DEFENCES = (
    Defence(NONE, _NOT_STORED),
    Defence("null markers", _MARKERS),
    Defence("seen_empty", f"{_MARKERS}, {_bloom('seen_empty')}", made_for=("empty",), floods=("empty",)),
    Defence("vocabulary", _bloom("vocabulary"), made_for=("random",), floods=("random",)),
    KNOWN,
    Defence("miss budget", f"{_NOT_STORED}, {_BUDGET}", made_for=("random", "empty", "ids")),
    Defence("limit, fixed", _NOT_STORED, f"concurrency: {{mode: fixed, limit: {SLOTS}, wait: 500ms}}"),
    Defence("limit, adaptive", _NOT_STORED, _ADAPTIVE),
    Defence(
        "all of them",
        f"{_MARKERS}, {_BUDGET}, {_bloom('vocabulary', 'known', 'seen_empty')}",
        _ADAPTIVE,
        made_for=tuple(FLOODS),
    ),
)


def filters() -> None:
    """Built as an operator does."""
    WORK.mkdir(exist_ok=True)
    corpus = "\n".join(offering.question(number) for number in range(offering.KNOWN)) + "\nnothing\n"
    for kind, out, lines in (("--vocabulary", "terms", corpus), ("--known", "ids", "kb-1\nkb-2\n")):
        command = [
            sys.executable,
            "-m",
            "gateway",
            "bloom",
            "build",
            "--from",
            "-",
            "--out",
            f"{WORK}/{out}.bloom",
            kind,
        ]
        done = subprocess.run(command, input=lines, text=True, capture_output=True, cwd=HERE.parent, timeout=60)
        if done.returncode:
            sys.exit(f"bench: no filter: {done.stderr}")


@contextmanager
def gateway(upstream: Server, defence: Defence | None) -> Iterator[Server]:
    """ragfront with a defence; nginx for None."""
    if defence is None:
        with servers.nginx(upstream.url) as server:
            yield server
        return
    route = f"  - {{name: ask, match: {{method: POST, path: /rag}}, {defence.route}}}\n"
    more = "forwarding: {trusted: [127.0.0.1/32]}"  # each client of the plan has an address of its own
    with servers.ragfront(
        upstream.url, "ragfront, flood", routes=route, more=more, upstream_settings=defence.upstream
    ) as server:
        yield server


def _warm(target: Server) -> None:
    """Has the known questions stored; what a limit refuses is asked once more."""
    plan = offering.Plan(target.url, "all", 150, 60, clients=CLIENTS, net="198.51.100", patience=10)
    left = offering.KNOWN
    for _ in range(5):
        left = offering.KNOWN - offering.result(offering.start(plan)).good
        if not left:
            return
    sys.exit(f"bench: {target.name}: {left} of the known questions got no answer")


def once(kind: str | None, defence: Defence | None, args: argparse.Namespace) -> dict[str, float]:
    """One round on servers that are new. kind: of the flood; None: there is none."""
    with ExitStack() as stack:
        upstream = stack.enter_context(service(SLOTS, WORK_TIME))
        target = stack.enter_context(gateway(upstream, defence))
        _warm(target)
        spans = {"seconds": args.seconds, "settle": args.settle, "patience": PATIENCE}
        plans = [offering.Plan(target.url, "normal", NORMAL, clients=CLIENTS, net="198.51.100", seed=2, **spans)]
        if kind is not None:
            plans.append(
                offering.Plan(target.url, kind, args.rate, clients=ATTACKERS, connections=256, seed=3, **spans)
            )
        clients = [offering.start(plan) for plan in plans]
        time.sleep(args.settle)
        began, before, cpu = time.monotonic(), calls(upstream.url), target.cpu()
        told = [offering.result(client) for client in clients]
        took = time.monotonic() - began
        normal, flood = told[0], told[-1] if kind is not None else offering.Told()
        seconds = args.seconds
        return {
            "calls": (calls(upstream.url) - before) / took,
            "us": (target.cpu() - cpu) / max(1, sum(one.statuses.total() for one in told)) * 1e6,
            "success": 100 * normal.good / max(1, normal.sent + normal.unsent),
            "hit_p50": normal.percentile(0.5, "hit"),
            "hit_p99": normal.percentile(0.99, "hit"),
            "miss_p99": normal.percentile(0.99, "miss"),
            "flood_sent": flood.sent / seconds,
            "flood_rejected": flood.rejected / seconds,
            "flood_shed": (flood.statuses[429] + flood.statuses[503]) / seconds,
            "flood_core": max(one.core for one in told),
        }


def main() -> None:
    made = parser(__doc__ or "")
    made.add_argument("--rate", type=int, default=FLOOD, help=f"of the flood, requests/s ({FLOOD})")
    args = begin(made)
    need("nginx")
    args.settle, args.seconds = (1, max(args.seconds, 2)) if args.quick else (3, max(args.seconds, 6))
    filters()
    plan: list[tuple[str | None, Defence | None]] = [(None, DEFENCES[0]), (None, None)]
    for kind in FLOODS:
        plan += [(kind, None), *((kind, defence) for defence in DEFENCES if kind in defence.floods)]
    rounds: dict[tuple[str | None, Defence | None], list[dict[str, float]]] = {}
    with console.status("") as status:
        for number in range(args.rounds):
            for done, (kind, defence) in enumerate(plan):
                what = f"{FLOODS.get(kind or '', 'no flood')}, {defence.name if defence else NGINX}"
                status.update(f"{what}, round {number + 1} of {args.rounds}: {done} of {len(plan)} done")
                rounds.setdefault((kind, defence), []).append(once(kind, defence, args))
    tell(rounds, args)


def tell(rounds: dict[tuple[str | None, Defence | None], list[dict[str, float]]], args: argparse.Namespace) -> None:
    """The report."""
    middle = {
        case: {name: statistics.median(one[name] for one in mine) for name in mine[0]} for case, mine in rounds.items()
    }
    quiet = middle[None, DEFENCES[0]]
    rows, lines = [], []
    for (kind, defence), m in middle.items():
        rows.append(
            [
                f"{FLOODS.get(kind or '', 'no flood')}; {defence.name if defence else NGINX}",
                f"{m['flood_sent']:,.0f}",
                f"{m['calls']:.0f}", bar(m["success"] / 100, 10), f"{m['success']:.1f} %",
                f"{m['hit_p50']:.1f} / {m['hit_p99']:.0f}", f"{m['miss_p99']:.0f}",
                f"{m['flood_rejected']:,.0f} / {m['flood_shed']:,.0f}", f"{m['us']:.0f}",
            ]
        )  # fmt: skip
        if kind is None or defence is None or kind not in defence.made_for:
            continue
        budget = ATTACKERS * BUDGET_RATE / 60
        allowed = EXTRA_CALLS + (budget if "budget" in defence.name or defence.name.startswith("all") else 0)
        what = f"{FLOODS[kind]}, {defence.name}"
        lines += [
            verdict(f"{what}: upstream calls/s beyond those without a flood", m["calls"] - quiet["calls"], allowed),
            verdict(f"{what}: percent of normal traffic without an answer", SUCCESS - m["success"], 0),
            verdict(f"{what}: P99 of normal hits in ms", m["hit_p99"], HIT_P99),
        ]
    most = max(m["flood_sent"] for m in middle.values())
    busiest = max(m["flood_core"] for m in middle.values())
    lines.append(
        f"floods: {args.rate:,}/s offered, {most:,.0f}/s sent at most; a client used {busiest:.0%} of its core"
    )
    if ("ids", KNOWN) in middle:
        lines.append(f"a core of the gateway rejects {1e6 / middle['ids', KNOWN]['us']:,.0f} unknown ids/s at most")
    lines.append(f"a budget of {BUDGET_RATE} a minute and 20 at once for each of {ATTACKERS} addresses of the flood")
    lines.append(f"medians of {args.rounds} rounds of {args.seconds} s, after {args.settle} s that are not counted")
    header = ["flood; defence", "sent/s", "upstream calls/s", "", "normal: success", "hit P50 / P99 ms", "miss P99 ms",
              "rejected / shed, per s", "CPU us/answer"]  # fmt: skip
    figures = [
        {"flood": kind, "defence": defence.name if defence else NGINX, "rounds": mine}
        for (kind, defence), mine in rounds.items()
    ]
    title = (
        f"Penetration: floods beside {NORMAL} normal requests/s, before a service that holds {SLOTS / WORK_TIME:.0f}/s"
    )
    report("penetration", title, header, rows, figures, lines=lines, quick=args.quick)


if __name__ == "__main__":
    main()
