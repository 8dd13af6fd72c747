"""Hits: what does one cost in CPU time, against nginx proxy_cache, Varnish, and the floor of a Python protocol?

Claims: same bytes <= 0.8 x nginx; new header values <= 1.3 x nginx; <= 0.5 x Varnish.
"""

import sys
from contextlib import ExitStack
from functools import partial

from bench import servers
from bench.answering import body
from bench.client import get
from bench.harness import Case, Sample, Server, alternate, begin, need, parser, report, verdict, wrk

SIZES = {"1.4 KB": 1400, "16 KB": 16_384, "256 KB": 262_144}
KINDS = ("same bytes", "new header", "GET")
NGINX, VARNISH, OURS, LANE_OFF = "nginx proxy_cache", "Varnish, body hash", "ragfront", "ragfront, lane off"


def load(server: Server, kind: str, seconds: int) -> Sample:
    """One round."""
    match kind:
        case "same bytes":
            return wrk(server, "/rag", "same.lua", "POST", servers.BODY, seconds=seconds)
        case "new header":
            return wrk(server, "/rag", "fresh_header.lua", "POST", servers.BODY, seconds=seconds)
        case _:
            return wrk(server, "/doc", "same.lua", "GET", seconds=seconds)


def measure(size: str, kinds: tuple[str, ...], rounds: int, seconds: int) -> list[tuple[str, str, str, Case]]:
    """(size, kind, server, case) for each, all under load in turn."""
    with ExitStack() as stack:
        upstream = stack.enter_context(servers.upstream(SIZES[size]))
        tested = [
            stack.enter_context(servers.nginx(upstream.url)),
            stack.enter_context(servers.varnish(upstream.url)),
            stack.enter_context(servers.ragfront(upstream.url, OURS)),
            stack.enter_context(servers.ragfront(upstream.url, LANE_OFF, more=servers.LANE_OFF)),
            stack.enter_context(servers.floor(SIZES[size])),
        ]
        for server in tested:
            if get(server.url, "/doc") != body(SIZES[size]):
                sys.exit(f"bench: {server.name} does not give the upstream's answer of {size}")
        cases = [
            (size, kind, server.name, Case(f"{server.name}, {kind}, {size}", partial(load, server, kind, seconds)))
            for kind in kinds
            for server in tested
        ]
        alternate([case for *_, case in cases], rounds)
        return cases


def main() -> None:
    args = begin(parser(__doc__))
    need("wrk", "nginx", "varnishd")
    measured = measure("1.4 KB", KINDS, args.rounds, args.seconds)
    for size in ("16 KB", "256 KB"):
        measured += measure(size, ("same bytes",), args.rounds, args.seconds)
    micros = {(size, kind, name): case.micros for size, kind, name, case in measured}
    rows = []
    for (size, kind, name), value in micros.items():
        against = micros[size, kind, NGINX], micros[size, kind, VARNISH]
        rows.append([f"{size}, {kind}", name, f"{value:.1f}", *(f"{value / other:.2f}" for other in against)])
    same, fresh = (("1.4 KB", kind) for kind in KINDS[:2])
    lines = [
        verdict("same bytes, x nginx", micros[*same, OURS] / micros[*same, NGINX], 0.8),
        verdict("new header, x nginx", micros[*fresh, OURS] / micros[*fresh, NGINX], 1.3),
        verdict("same bytes, x Varnish", micros[*same, OURS] / micros[*same, VARNISH], 0.5),
        verdict("new header, x Varnish", micros[*fresh, OURS] / micros[*fresh, VARNISH], 0.5),
    ]
    header = ["answer, request", "server", "CPU us/request", "x nginx", "x Varnish"]
    figures = [{"size": s, "request": k, "server": n, "us": v} for (s, k, n), v in micros.items()]
    title = "Hits: CPU time of the serving process per request, 32 connections, one core"
    report("hit", title, header, rows, figures, lines=lines, quick=args.quick)


if __name__ == "__main__":
    main()
