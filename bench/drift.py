"""Drift: what does it cost a hit that some hits are asked again aside, in CPU time of all that the gateway does?

Claim: with the usual rate, hits cost at most 1.02 x what they cost without; with every sample drawn (some 20 calls a
second, compared), at most 1.1 x.

One process is told by reloads to do the one or the other: two of a kind differ by up to 5 % by where their memory lies.
What it costs is less than what a machine's speed wavers by, so each round stands for itself: it begins and ends with a
measurement without, and is compared with the mean of the two. The median of many such ratios is taken.
"""

import os
import signal
import time
from contextlib import ExitStack
from functools import partial

from bench import servers
from bench.harness import Case, Sample, Server, alternate, begin, need, parser, report, times, verdict, wrk

OFF, USUAL, ALL, AGAIN = "off", "0.1 %, 1/s", "100 %, 1000/s", "off, once more"
DRIFTS = {
    OFF: "sample: 0%",
    USUAL: "sample: 0.1%",
    ALL: "sample: 100%, rate: 1000/s, at_once: 64",
    AGAIN: "sample: 0%",
}
ROUTE = "  - {{name: ask, match: {{method: POST, path: /rag}}, cache: {{ttl: 1h}}, drift: {{{drift}}}}}\n"
ROUNDS = 11
SETTLED = 5.5  # seconds: who samples looks every 5 s whether anybody wants it to


def load(server: Server, drift: str, seconds: int) -> Sample:
    """One round: the same question, always a hit."""
    config = servers.WORK / "drift.yaml"
    head = config.read_text().partition("routes:\n")[0]
    config.write_text(f"{head}routes:\n{ROUTE.format(drift=drift)}")
    os.kill(server.pid, signal.SIGHUP)
    time.sleep(SETTLED)
    return wrk(server, "/rag", "same.lua", "POST", servers.BODY, seconds=seconds)


def main() -> None:
    args = begin(parser(__doc__), ROUNDS)
    need("wrk")
    with ExitStack() as stack:
        upstream = stack.enter_context(servers.upstream(1400))
        routes = ROUTE.format(drift=DRIFTS[OFF])
        server = stack.enter_context(servers.ragfront(upstream.url, "drift", routes=routes))
        cases = {name: Case(name, partial(load, server, drift, args.seconds)) for name, drift in DRIFTS.items()}
        alternate(list(cases.values()), args.rounds)
        micros = {name: case.micros for name, case in cases.items()}
        times_off = times(cases, OFF, AGAIN)
    rows = [[name, f"{value:.1f}", f"{times_off[name]:.3f}"] for name, value in micros.items()]
    lines = [
        verdict("usual rate, x off", times_off[USUAL], 1.02),
        verdict("every sample, x off", times_off[ALL], 1.1),
    ]
    title = "Drift: CPU time of the gateway per hit of 1.4 KB, same bytes, 32 connections, one core"
    figures = [
        {"drift": name, "us": value, "times_off": times_off[name], "rounds": [s.micros for s in cases[name].samples]}
        for name, value in micros.items()
    ]
    report("drift", title, ["drift", "CPU us/request", "x off"], rows, figures, lines=lines, quick=args.quick)


if __name__ == "__main__":
    main()
