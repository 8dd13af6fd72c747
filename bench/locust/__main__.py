"""The reference load test: what do 1,000 requests/s make of a service that holds 320, and what with ragfront before it?

Claims: >= 1,000 requests/s held, P99 < 620 ms, no errors; for which share of repeats.

Locust has 505 users who each ask twice a second on average: 1,010/s are offered. A user waits for the answer before
the next question, so a service that is slower is offered less; an open loop would only fill it up. Questions follow
Zipf's law, steep enough for the share of repeats that is stated, and the true share is counted. Every round begins with
an empty cache and an empty service; counting starts when all users are there and the first rush is over.

Whatever is before it, a service that gives 320 answers/s can be asked no more than 320 new questions/s: 1,000
requests/s take 68 % repeats. For fewer, what is claimed cannot be reached by a cache, and is shown for what it is.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from bench import servers
from bench.client import calls
from bench.harness import (
    HERE,
    LOAD_CORE,
    WORK,
    Server,
    begin,
    console,
    free_port,
    need,
    parser,
    report,
    running,
    verdict,
)
from bench.locust import questions
from bench.locust.service import MEAN, SLOTS
from bench.venvs import venv

LOCUST = "locust==2.47.0"
SHARES = (30, 60, 75, 90)  # percent
USERS, PER_USER = 505, 2
HELD, P99, OFFERED = 1000, 620, USERS * PER_USER
DIRECT, OURS = "the service alone", "ragfront before it"
# Twice as many connections as the service has slots: it is never idle, and never so full that it says 503.
POOL = f"pool: {{connections: {SLOTS * 2}}}"


@dataclass
class Round:
    """One run of Locust. held: good answers/s; errors: percent; us: of ragfront per request; calls: upstream, per s."""

    held: float
    p50: float
    p99: float
    errors: float
    repeats: float
    us: float
    calls: float
    locust: float
    kinds: dict[str, int]


@contextmanager
def service() -> Iterator[Server]:
    """The service on the load generator's core: its time is simulated."""
    port = free_port()
    with running("rag", [sys.executable, "-m", "bench.locust.service", str(port)], port, core=LOAD_CORE) as server:
        yield server


def run(target: Server, upstream: Server, python: str, exponent: float, args: argparse.Namespace) -> Round:
    """One run; bounded in time."""
    environment = os.environ | {
        "BENCH_EXPONENT": str(exponent),
        "BENCH_SETTLE": str(args.ramp + args.settle),
        "BENCH_SECONDS": str(args.seconds),
        "PYTHONPATH": str(HERE.parent),
    }
    command = [
        "timeout", str(args.ramp + args.settle + args.seconds + 60), "taskset", "-c", str(LOAD_CORE),
        python, "-m", "locust", "-f", str(HERE / "locust" / "locustfile.py"), "--host", target.url, "--headless",
        "--only-summary", "--users", str(USERS), "--spawn-rate", str(USERS / args.ramp),
    ]  # fmt: skip
    marks: list[tuple[float, float, int]] = []
    figures = None
    with (WORK / "locust.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment, cwd=WORK)
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if line.strip() in ("BEGIN", "END"):
                    marks.append((time.monotonic(), target.cpu(), calls(upstream.url)))
                elif line.startswith("RESULT "):
                    figures = json.loads(line.removeprefix("RESULT "))
        finally:
            process.terminate()
            process.wait()
    if figures is None or len(marks) != 2:
        sys.exit(f"bench: Locust did not come to its end, see {WORK / 'locust.log'}")
    (began, cpu, asked), (ended, cpu_then, asked_then) = marks
    total, wrong, took = figures["requests"], figures["errors"], figures["seconds"]
    return Round(
        held=(total - wrong) / took,
        p50=figures["p50_ms"],
        p99=figures["p99_ms"],
        errors=100 * wrong / max(total, 1),
        repeats=100 * figures["repeat_share"],
        us=(cpu_then - cpu) / max(total, 1) * 1e6,
        calls=(asked_then - asked) / (ended - began),
        locust=100 * figures["locust_core_share"],
        kinds=figures["kinds_of_errors"],
    )


def once(way: str, python: str, exponent: float, args: argparse.Namespace) -> Round:
    """One round on servers that are new."""
    with ExitStack() as stack:
        upstream = stack.enter_context(service())
        target = upstream
        if way == OURS:
            settings = {"l2": servers.disk("locust"), "upstream_settings": POOL}
            target = stack.enter_context(servers.ragfront(upstream.url, "ragfront, locust", **settings))
        return run(target, upstream, python, exponent, args)


def median(rounds: Sequence[Round], name: str) -> float:
    return statistics.median(getattr(one, name) for one in rounds)


def _arguments() -> argparse.Namespace:
    made = parser(__doc__ or "")
    made.add_argument("--shares", type=int, nargs="+", default=SHARES, help="of repeats, in percent (30 60 75 90)")
    args = begin(made)
    if args.quick:
        args.ramp, args.settle, args.seconds = 2, 2, max(args.seconds, 4)
    else:
        args.ramp, args.settle, args.seconds = 5, 10, max(args.seconds, 20)  # shorter ones say nothing of a P99
    return args


def main() -> None:
    args = _arguments()
    need("timeout")
    python = str(venv("locust", LOCUST) / "python")
    first = int((args.ramp / 2 + args.settle) * OFFERED)
    steep = {share: questions.exponent(share / 100, first, first + args.seconds * OFFERED) for share in args.shares}
    plan = [(number, share, way) for number in range(args.rounds) for share in args.shares for way in (DIRECT, OURS)]
    rounds: dict[tuple[int, str], list[Round]] = {}
    with console.status("") as status:
        for done, (number, share, way) in enumerate(plan):
            status.update(f"{share} % repeats, {way}, round {number + 1} of {args.rounds}: {done} of {len(plan)} done")
            rounds.setdefault((share, way), []).append(once(way, python, steep[share], args))
    tell(rounds, steep, args)


def tell(rounds: dict[tuple[int, str], list[Round]], steep: dict[int, float], args: argparse.Namespace) -> None:
    """The report."""
    names = ("held", "p50", "p99", "errors", "repeats", "us", "calls", "locust")
    middle = {case: {name: median(mine, name) for name in names} for case, mine in rounds.items()}
    rows = [
        [
            f"{share} %", way, f"{m['repeats']:.0f} %", f"{m['held']:,.0f}", f"{m['p50']:,.0f} / {m['p99']:,.0f}",
            f"{m['errors']:.2f} %", f"{m['us']:.0f}" if way == OURS else "-", f"{m['calls']:,.0f}",
        ]
        for (share, way), m in middle.items()
    ]  # fmt: skip
    lines = []
    capacity = SLOTS / MEAN
    for share in args.shares:
        mine = middle[share, OURS]
        at = f"{share} % repeats"
        lines += [
            verdict(f"{at}: requests/s asked for, x those held", HELD / mine["held"], 1.0),
            verdict(f"{at}: P99 in ms", mine["p99"], P99),
            verdict(f"{at}: percent errors", max(one.errors for one in rounds[share, OURS]), 0.0),
        ]
        fresh = HELD * (1 - mine["repeats"] / 100)
        if fresh > capacity:
            lines.append(
                f"{at}: {HELD:,} requests/s would be {fresh:.0f} new questions/s, and the service gives"
                f" {capacity:.0f} answers/s: no cache reaches that"
            )
    busiest = max(m["locust"] for m in middle.values())
    lines.append(f"offered: {OFFERED:,}/s by {USERS} users; Locust used {busiest:.0f} % of its core at most")
    lines.append("good answers/s; P50, P99 and errors as Locust counts them, errors within the P50 and P99")
    lines.append(f"{LOCUST.replace('==', ' ')}; medians of {args.rounds} rounds of {args.seconds} s each")
    header = ["repeats", "asked", "counted", "held/s", "P50 / P99 ms", "errors", "CPU us/request", "upstream calls/s"]
    figures = [
        {"repeats": share, "asked": way, "zipf": steep[share], "rounds": [vars(one) for one in mine]}
        for (share, way), mine in rounds.items()
    ]
    title = f"Load test: {OFFERED:,} requests/s offered to a service that holds {capacity:.0f}"
    report("locust", title, header, rows, figures, lines=lines, quick=args.quick)


if __name__ == "__main__":
    main()
