"""Misses: what does the way through a proxy add, in CPU time per request and in waiting?

Claims: a miss costs <= 1.25 x the CPU time of a plain aiohttp proxy; it adds a p50 of < 1 ms at concurrency 1.

Waiting is measured at about 1,000 requests/s: the upstream takes as many milliseconds for an answer as there are
connections (at one connection: none). Without that, a closed loop measures only how soon a server is saturated.
"""

import statistics
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from bench import servers
from bench.harness import CONNECTIONS, Case, Sample, Server, alternate, begin, need, parser, report, verdict, wrk

PLAIN, MISS = "plain aiohttp proxy", "ragfront, miss, no L2"
CONCURRENCY = (1, 32, 256)
Asked = tuple[str, Server, str]


@contextmanager
def tested(upstream: Server) -> Iterator[list[Asked]]:
    """(name, server, path) of all ways to the upstream."""
    with ExitStack() as stack:
        nginx = stack.enter_context(servers.nginx(upstream.url))
        plain = stack.enter_context(servers.aiohttp_proxy(upstream.url))
        ragfront = stack.enter_context(servers.ragfront(upstream.url))
        disk = stack.enter_context(servers.ragfront(upstream.url, "ragfront, disk", l2=servers.disk("miss")))
        yield [
            ("nginx proxy", nginx, "/other"),
            (PLAIN, plain, "/other"),
            ("ragfront, relay", ragfront, "/other"),
            (MISS, ragfront, "/rag"),
            ("ragfront, miss, disk L2", disk, "/rag"),
        ]


def load(server: Server, path: str, connections: int, seconds: int) -> Sample:
    """One round of questions never asked before."""
    return wrk(server, path, "fresh_body.lua", connections=connections, seconds=seconds)


def cost(rounds: int, seconds: int) -> dict[str, float]:
    """CPU time per request in microseconds, by name."""
    with servers.upstream() as upstream, tested(upstream) as ways:
        cases = [Case(name, partial(load, server, path, CONNECTIONS, seconds)) for name, server, path in ways]
        alternate(cases, rounds)
    return {case.server: case.micros for case in cases}


def waiting(connections: int, rounds: int, seconds: int) -> dict[str, tuple[float, float]]:
    """Latency in milliseconds (p50, p99) over that of asking directly, by name; medians over the rounds."""
    delay = 0.0 if connections == 1 else connections / 1000
    with servers.service(delay=delay, exact=True) as upstream, tested(upstream) as ways:
        asked: list[Asked] = [("direct", upstream, "/other"), *ways]
        cases = [
            Case(name, partial(load, server, path, connections, seconds + round(delay))) for name, server, path in asked
        ]
        alternate(cases, rounds)
    p50 = {case.server: statistics.median(sample.p50_us for sample in case.samples) / 1000 for case in cases}
    p99 = {case.server: statistics.median(sample.p99_us for sample in case.samples) / 1000 for case in cases}
    return {name: (p50[name] - p50["direct"], p99[name] - p99["direct"]) for name in p50 if name != "direct"}


def main() -> None:
    args = begin(parser(__doc__))
    need("wrk", "nginx")
    micros = cost(args.rounds, args.seconds)
    added = {connections: waiting(connections, args.rounds, args.seconds) for connections in CONCURRENCY}
    rows = [
        [name, f"{value:.0f}", f"{value / micros[PLAIN]:.2f}"]
        + [f"{added[connections][name][0]:.2f} / {added[connections][name][1]:.2f}" for connections in CONCURRENCY]
        for name, value in micros.items()
    ]
    lines = [
        verdict("CPU time of a miss, x plain aiohttp proxy", micros[MISS] / micros[PLAIN], 1.25),
        verdict("latency added at concurrency 1, p50 in ms", added[1][MISS][0], 1.0),
    ]
    header = ["server", "CPU us/request", f"x {PLAIN}", *(f"added ms at {n}, p50 / p99" for n in CONCURRENCY)]
    figures = [
        {"server": name, "us": value, "added_ms": {str(n): added[n][name] for n in CONCURRENCY}}
        for name, value in micros.items()
    ]
    title = "Misses: CPU time per request at 32 connections, and latency over asking the upstream directly"
    report("miss", title, header, rows, figures, lines=lines, quick=args.quick)


if __name__ == "__main__":
    main()
