"""Overload: what is left of a service's goodput when it is asked for more than it can do?

Claims: with ragfront's adaptive limit before it, goodput at 2 x and 3 x the capacity is >= 95 % of the best goodput at
any load, and no load makes it collapse. Without a limit it does.

The service has 12 slots and takes 0.3 s for an answer: 40/s at most, so that all the rest is idle, also on a machine
that is shared. Asked for more at once it thrashes (bench/thrashing.py). Every question is new, so that no cache helps;
they come by chance (Poisson), and whoever has no answer after 1.5 s leaves. Goodput: answers/s within that time.
Counting starts after some seconds: an overload lasts.
"""

import argparse
import statistics
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench import offering, servers
from bench.client import calls
from bench.harness import LOAD_CORE, Server, begin, console, free_port, parser, report, running, verdict

SLOTS, WORK, PATIENCE = 12, 0.3, 1.5
CAPACITY = SLOTS / WORK
LOADS = (0.5, 1.0, 1.5, 2.0, 3.0)
BEST_SHARE = 0.95
DIRECT, PLAIN = "the service alone", "ragfront, no limit"
FIXED, ADAPTIVE = f"ragfront, fixed limit {SLOTS}", "ragfront, adaptive limit"
# Adaptive begins where it is badly wrong, four times too high; who cannot be answered in time is told so at once.
LIMITS = {
    PLAIN: "",
    FIXED: f"concurrency: {{mode: fixed, limit: {SLOTS}, wait: 900ms}}",
    ADAPTIVE: f"concurrency: {{mode: adaptive, limit: {SLOTS * 4}, wait: 900ms}}",
}
WAYS = (DIRECT, PLAIN, FIXED, ADAPTIVE)


@contextmanager
def service(slots: int, work: float) -> Iterator[Server]:
    """bench.thrashing, on the load generator's core."""
    port = free_port()
    command = [sys.executable, "-m", "bench.thrashing", str(port), str(slots), str(work)]
    with running("thrashing service", command, port, core=LOAD_CORE) as server:
        yield server


def once(way: str, load: float, args: argparse.Namespace) -> dict[str, float]:
    """One round on servers that are new."""
    with ExitStack() as stack:
        upstream = stack.enter_context(service(SLOTS, WORK))
        target = upstream
        if way in LIMITS:
            target = stack.enter_context(servers.ragfront(upstream.url, way, upstream_settings=LIMITS[way]))
        plan = offering.Plan(
            target.url, "new", load * CAPACITY, args.seconds, settle=args.settle, patience=PATIENCE, connections=4000
        )
        told = offering.result(offering.start(plan))
        due = told.sent + told.unsent
        return {
            "offered": due / args.seconds,
            "goodput": told.good / args.seconds,
            "refused": 100 * told.statuses[503] / due,
            "late": 100 * told.late / due,
            "p50_ms": told.percentile(0.5),
            "p99_ms": told.percentile(0.99),
            "upstream": calls(upstream.url) / (args.settle + args.seconds),
        }


def bar(part: float, width: int = 20) -> str:
    """A share of 1, as a picture."""
    return ("█" * round(max(0.0, min(1.0, part)) * width)).ljust(width, "·")


def main() -> None:
    made = parser(__doc__ or "")
    made.add_argument("--only", nargs="+", default=WAYS, help="of the ways, by the beginning of their names")
    args = begin(made)
    args.settle, args.seconds = (2, max(args.seconds, 2)) if args.quick else (15, max(args.seconds, 10))
    ways = [way for way in WAYS if way.startswith(tuple(args.only))]
    rounds: dict[tuple[str, float], list[dict[str, float]]] = {}
    with console.status("") as status:
        for number in range(args.rounds):
            for load in LOADS:
                for way in ways:
                    status.update(f"{way}, {load:g} x, round {number + 1} of {args.rounds}")
                    rounds.setdefault((way, load), []).append(once(way, load, args))
    tell(ways, rounds, args)


def tell(ways: list[str], rounds: dict[tuple[str, float], list[dict[str, float]]], args: argparse.Namespace) -> None:
    """The report."""
    middle = {
        case: {name: statistics.median(one[name] for one in mine) for name in mine[0]} for case, mine in rounds.items()
    }
    best = {way: max(middle[way, load]["goodput"] for load in LOADS) for way in ways}
    rows = [
        [
            f"{way}, {load:g} x", f"{m['offered']:.0f}", f"{m['goodput']:.0f}", bar(m["goodput"] / CAPACITY),
            f"{100 * m['goodput'] / best[way]:.0f} %" if best[way] else "-", f"{m['refused']:.0f} %",
            f"{m['late']:.0f} %", f"{m['p50_ms']:,.0f} / {m['p99_ms']:,.0f}",
        ]
        for way in ways for load in LOADS for m in [middle[way, load]]
    ]  # fmt: skip
    lines = [
        verdict(
            f"{way}, {load:g} x: best goodput asked for ({BEST_SHARE:.0%} of {best[way]:.0f}/s), x that given",
            BEST_SHARE * best[way] / max(middle[way, load]["goodput"], 1e-9),
            1.0,
        )
        for way in (ADAPTIVE, FIXED)
        if way in ways
        for load in LOADS
        if load >= 2
    ]
    lines += [
        f"{way}: {middle[way, LOADS[-1]]['goodput']:.0f}/s of its best {best[way]:.0f}/s are left at {LOADS[-1]:g} x"
        for way in (DIRECT, PLAIN)
        if way in ways
    ]
    lines.append(
        f"capacity {CAPACITY:.0f}/s; medians of {args.rounds} rounds of {args.seconds} s, after {args.settle} s"
    )
    header = ["asked, at", "offered/s", "goodput/s", "of capacity", "of its best", "refused", "late", "P50 / P99 ms"]
    figures = [{"way": way, "load": load, "rounds": mine} for (way, load), mine in rounds.items()]
    title = f"Overload: answers within {PATIENCE:g} s of a service that can give {CAPACITY:.0f}/s and thrashes beyond"
    report("overload", title, header, rows, figures, lines=lines, quick=args.quick)


if __name__ == "__main__":
    main()
