"""Hits from the second tier: what do they cost in CPU time, from disk and from Redis, against a hit from memory?

Claim: a hit from disk costs <= 2 x a hit from memory with new header values.

Memory is not trusted at all here (`l1_ttl: 0`), so that each request is answered from the second tier: which either
has what memory holds, too, or what memory has no room for. Many keys, because equal questions at one moment share one
read. Redis runs on the load generator's core: its time is not counted.
"""

import asyncio
import sys
from contextlib import ExitStack
from functools import partial

from bench import servers
from bench.client import calls, each, post
from bench.harness import Case, Server, alternate, begin, need, parser, report, verdict, wrk

KEYS = 5_000
MEMORY, HELD, DISK = "memory", "disk, memory asks whether its own is still right", "disk, memory has no room"
_NO_ROOM = "l1: {max_bytes: 64KiB}"
_WRITTEN = 2.0  # seconds after which what was stored is no longer on its way into the second tier


def main() -> None:
    args = begin(parser(__doc__))
    need("wrk", "redis-server")
    with ExitStack() as stack:
        upstream = stack.enter_context(servers.service())
        redis = stack.enter_context(servers.redis())
        start = partial(servers.ragfront, upstream.url)
        distrust = "ttl: 1h, l1_ttl: 0"
        tested: dict[str, Server] = {
            MEMORY: stack.enter_context(start("ragfront, memory")),
            "memory, lane off": stack.enter_context(start("ragfront, memory, lane off", more=servers.LANE_OFF)),
            HELD: stack.enter_context(start("ragfront, disk", l2=servers.disk("l2"), cache=distrust)),
            DISK: stack.enter_context(
                start("ragfront, disk alone", l2=servers.disk("l2-alone"), cache=distrust, more=_NO_ROOM)
            ),
            "Redis": stack.enter_context(start("ragfront, Redis", l2=redis, cache=distrust)),
        }  # fmt: skip
        for server in tested.values():
            asyncio.run(each(server.url, (post(servers.question(number), server.url) for number in range(KEYS))))
        asyncio.run(asyncio.sleep(_WRITTEN))
        asked = calls(upstream.url)
        cases = [
            Case(name, partial(wrk, server, "/rag", "keys.lua", str(KEYS), seconds=args.seconds))
            for name, server in tested.items()
        ]
        alternate(cases, args.rounds)
        more = calls(upstream.url) - asked
    if asked != KEYS * len(tested):
        sys.exit(f"bench: {asked} upstream calls for {KEYS} keys of {len(tested)} gateways: not all were stored")
    micros = {case.server: case.micros for case in cases}
    rows = [[name, f"{value:.1f}", f"{value / micros[MEMORY]:.2f}"] for name, value in micros.items()]
    lines = [
        verdict(f"hit from {HELD}: x hit from memory", micros[HELD] / micros[MEMORY], 2.0),
        verdict(f"hit from {DISK}: x hit from memory", micros[DISK] / micros[MEMORY], 2.0),
        verdict("upstream calls after all keys were stored", more, 0),
    ]
    figures = [{"tier": name, "us": value} for name, value in micros.items()]
    title = f"Hits from the second tier: CPU time per request, {KEYS} keys at random, new header values, 32 connections"
    report("l2", title, ["hit from", "CPU us/request", "x memory"], rows, figures, lines=lines, quick=args.quick)


if __name__ == "__main__":
    main()
