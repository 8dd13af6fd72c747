"""Hits: CPU time per request, against nginx proxy_cache, Varnish, and the floor of a Python protocol.

Claims: same bytes <= 0.8 x nginx; new header values <= 1.3 x nginx; <= 0.5 x Varnish.
"""

import sys
from contextlib import ExitStack
from functools import partial

from bench import servers
from bench.harness import Case, Server, alternate, need, report, wrk

SIZES = {"1.4 KB": 1400, "16 KB": 16_384, "256 KB": 262_144}


def loads(server: Server) -> dict[str, partial]:
    return {
        "same bytes": partial(wrk, server, "/rag", "same.lua", "POST", servers.BODY),
        "new header": partial(wrk, server, "/rag", "fresh_header.lua", "POST", servers.BODY),
        "GET": partial(wrk, server, "/doc", "same.lua", "GET"),
    }


def measure(size: str, kinds: tuple[str, ...]) -> list[tuple[str, str, str, Case]]:
    with ExitStack() as stack:
        upstream = stack.enter_context(servers.upstream(SIZES[size]))
        tested = [
            stack.enter_context(servers.nginx(upstream.url)),
            stack.enter_context(servers.varnish(upstream.url)),
            stack.enter_context(servers.ragfront(upstream.url)),
            stack.enter_context(servers.floor(SIZES[size])),
        ]
        cases = [
            (size, kind, server.name, Case(f"{server.name}, {kind}, {size}", load))
            for kind in kinds
            for server in tested
            for load in [loads(server)[kind]]
        ]
        alternate([case for *_, case in cases])
        return cases


def main() -> None:
    need("wrk", "nginx", "varnishd", "taskset")
    quick = "--quick" in sys.argv
    measured = measure("1.4 KB", ("same bytes", "new header", "GET"))
    if not quick:
        for size in ("16 KB", "256 KB"):
            measured += measure(size, ("same bytes",))
    micros = {(size, kind, name): case.micros for size, kind, name, case in measured}
    rows = []
    for (size, kind, name), value in micros.items():
        against = micros[size, kind, "nginx proxy_cache"], micros[size, kind, "Varnish, body hash"]
        rows.append([f"{size}, {kind}", name, f"{value:.1f}", *(f"{value / other:.2f}" for other in against)])
    header = ["answer, request", "server", "CPU us/request", "x nginx", "x Varnish"]
    figures = [{"size": s, "request": k, "server": n, "us": v} for (s, k, n), v in micros.items()]
    report("hit", "Hits: CPU time of the serving process per request, 32 connections, one core", header, rows, figures)


if __name__ == "__main__":
    main()
