"""Memory: what does an entry take beyond its body, and does the process stop growing once its memory tier is full?

Claims: an entry takes its body + 600 bytes at most; through a full memory tier of 64 MiB the process does not grow.

The second part asks for keys at random out of many times what fits, each with a new header. It ends after --requests
requests or --minutes: the default is what fits into ten minutes of one core, not the 10 million that would be nicer.
Nearly all of them are misses, so that those would take an hour of a core; with --zipf (the n-th key is asked 1/n times
as often as the first) two of three are hits, as in front of a service, and a third of an hour is enough.
A quick run has a tier of 4 MiB, so that it is full in time.
"""

import argparse
import asyncio
import gc
import math
import sys
import time
import tracemalloc
from collections.abc import Iterator

from bench import servers
from bench.answering import body
from bench.client import each, post
from bench.harness import Server, begin, console, need, parser, report, verdict, wrk
from gateway.cache.memory import Memory
from gateway.model.entry import Entry, Windows

SIZE = 1400
LIMIT = 600
_FIRST = 1_000  # entries before anything is measured: what a process makes once is there then


def objects(count: int) -> float:
    """Bytes per entry beyond its body as Python counts them; no gateway around it."""
    memory, now, stale = Memory(1 << 40), time.time(), Windows(60.0, 3600.0)
    fields = ((b"Content-Type", b"application/json"),)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(count):
        life = {"fresh_until": now + 600 + number, "fresh_for": 600.0, "stale": stale}
        memory.put(b"%032d" % number, Entry.of(200, b"OK", fields, bytes(SIZE), coding=b"", route="ask", **life))
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return taken / count - SIZE


def _ask(server: Server, numbers: range) -> None:
    requests: Iterator[bytes] = (post(servers.question(number), server.url) for number in numbers)
    if wrong := asyncio.run(each(server.url, requests)):
        sys.exit(f"bench: {wrong} of {len(numbers)} answers were errors")


def resident(count: int) -> tuple[float, float]:
    """Resident bytes of a gateway per entry beyond its body: when stored, and when each was asked once more."""
    settings = f"l1: {{max_bytes: 64GiB}}\n{servers.LANE_OFF}"
    with (
        servers.upstream(SIZE) as upstream,
        servers.ragfront(upstream.url, more=settings) as server,
        console.status(f"{count:,} entries"),
    ):
        _ask(server, range(_FIRST))
        _ask(server, range(_FIRST))
        before = server.rss()
        _ask(server, range(_FIRST, _FIRST + count))
        stored = server.rss() - before
        _ask(server, range(_FIRST, _FIRST + count))
        asked = server.rss() - before
    size = len(body(SIZE))
    return stored / count - size, asked / count - size


def through(args: argparse.Namespace) -> list[tuple[int, int]]:
    """(requests so far, resident bytes): before any request, and then every few seconds."""
    settings = f"l1: {{max_bytes: {args.tier}MiB}}\nhit_lane: {{max_bytes: {args.tier // 4}MiB}}"
    with (
        servers.upstream(SIZE) as upstream,
        servers.ragfront(upstream.url, more=settings) as server,
        console.status("") as status,
    ):
        seen, end = [(0, server.rss())], time.monotonic() + args.minutes * 60
        while seen[-1][0] < args.requests and time.monotonic() < end:
            sample = wrk(server, "/rag", "keys.lua", str(args.keys), *["zipf"] * args.zipf, seconds=args.slice)
            if sample.errors:
                sys.exit(f"bench: {sample.errors} of {sample.requests} answers were errors")
            seen.append((seen[-1][0] + sample.requests, server.rss()))
            status.update(f"{seen[-1][0]:,} of {args.requests:,} requests, {_mib(seen[-1][1])} resident")
    return seen


def different(keys: int, requests: int, zipf: bool) -> int:
    """How many of the keys so many requests ask for, as is to be expected."""
    if not zipf:
        return round(keys * -math.expm1(requests * math.log1p(-1 / keys)))
    shares = (math.log1p(1 / key) / math.log(keys) for key in range(1, keys))
    return round(sum(-math.expm1(requests * math.log1p(-share)) for share in shares))


def _mib(size: float) -> str:
    return f"{size / 2**20:.1f} MiB"


def _arguments() -> argparse.Namespace:
    made = parser(__doc__)
    made.add_argument("--entries", type=int, help="entries in the first part (100,000; quick: 20,000)")
    made.add_argument("--keys", type=int, help="different questions in the second part (1,000,000; quick: 100,000)")
    made.add_argument("--requests", type=int, help="of the second part at most (2,500,000; quick: 150,000)")
    made.add_argument("--zipf", action="store_true", help="some questions are asked far more often than others")
    made.add_argument("--minutes", type=float, help="of the second part at most (10; quick: 0.5)")
    args = begin(made)
    args.entries = args.entries or (20_000 if args.quick else 100_000)
    args.keys = args.keys or (100_000 if args.quick else 1_000_000)
    args.requests = args.requests or (150_000 if args.quick else 2_500_000)
    args.minutes = args.minutes or (0.4 if args.quick else 10.0)
    args.tier, args.slice = (4, 3) if args.quick else (64, 10)  # MiB; seconds between two looks at the process
    return args


def main() -> None:
    args = _arguments()
    need("wrk")
    counted = objects(args.entries)
    stored, asked = resident(args.entries)
    seen = through(args)
    (total, end), half = seen[-1], max(1, len(seen) // 2)
    settled = max(rss for _, rss in seen[: half + 1])  # from here on nothing may be added
    tier = f"{args.tier} MiB memory tier"
    rows = [
        ["an entry beyond its body: Python objects", f"{counted:.0f} bytes"],
        ["an entry beyond its body: resident, stored", f"{stored:.0f} bytes"],
        ["an entry beyond its body: resident, stored and asked once", f"{asked:.0f} bytes"],
        [f"{tier}: the process before the first request", _mib(seen[0][1])],
        [f"{tier}: after {seen[half][0]:,} requests", _mib(settled)],
        [f"{tier}: after {total:,} requests, about {different(args.keys, total, args.zipf):,} keys", _mib(end)],
    ]
    lines = [
        verdict("bytes of an entry beyond its body, resident", max(stored, asked), LIMIT),
        verdict("growth in the second half of the time, in percent", (end / settled - 1) * 100, 2.0),
        f"{total:,} requests; --requests and --minutes say how many",
    ]
    figures = {
        "entries": args.entries, "body": SIZE, "objects": counted, "stored": stored, "asked": asked,
        "keys": args.keys, "zipf": args.zipf,
        "resident": [{"requests": requests, "bytes": rss} for requests, rss in seen],
    }  # fmt: skip
    title = (
        f"Memory: {args.entries:,} entries of {SIZE:,} bytes, and a process through whose memory more keys go than fit"
    )
    report("memory", title, ["what", "is"], rows, figures, lines=lines, quick=args.quick)


if __name__ == "__main__":
    main()
