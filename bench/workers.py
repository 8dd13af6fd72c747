"""Workers: how do hits per second grow with worker processes, and what does a hit cost then?

Claim: CPU time per hit stays within 1.25 x that of one worker; hits per second grow as long as cores are left.

W workers get the first W cores, the load generator the others. Where too few are left for it (less than half as many),
it shares all cores with them: the hits per second of such rows are those of gateway and load generator together.
"""

import os
import statistics
from functools import partial

from bench import servers
from bench.harness import Case, alternate, begin, need, parser, report, verdict, wrk

PER_WORKER = 64  # connections: the kernel divides them among the workers by chance, so not too few


def counts(cores: int) -> list[int]:
    """1, 2, 4 ... and all cores."""
    powers = [1 << n for n in range(cores.bit_length()) if 1 << n <= cores]
    return powers if powers[-1] == cores else [*powers, cores]


def places(workers: int, cores: int) -> tuple[str, str, int]:
    """Cores of the workers, cores of the load generator, and how many those are."""
    left = cores - workers
    if left * 2 >= workers:
        return f"0-{workers - 1}", f"{workers}-{cores - 1}", left
    return f"0-{cores - 1}", f"0-{cores - 1}", cores


def measure(workers: int, cores: int, rounds: int, seconds: int) -> tuple[float, float]:
    """Hits per second, and CPU time per hit in microseconds."""
    mine, others, threads = places(workers, cores)
    threads = min(threads, workers)
    with servers.upstream() as upstream, servers.ragfront(upstream.url, workers=workers, core=mine) as server:
        load = partial(
            wrk, server, "/rag", "fresh_header.lua", "POST", servers.BODY,
            connections=PER_WORKER * workers, threads=threads, cores=others, seconds=seconds,
        )  # fmt: skip
        case = Case(f"{workers} workers", load)
        alternate([case], rounds)
    return statistics.median(sample.requests / seconds for sample in case.samples), case.micros


def main() -> None:
    args = begin(parser(__doc__))
    need("wrk")
    cores = os.cpu_count() or 1
    measured = {workers: measure(workers, cores, args.rounds, args.seconds) for workers in counts(cores)}
    one_rate, one_cost = measured[1]
    rows = []
    for workers, (rate, cost) in measured.items():
        mine, others, _ = places(workers, cores)
        shared = "yes" if mine == others else "no"
        rows.append(
            [str(workers), f"{rate:,.0f}", f"{rate / one_rate:.2f}", f"{cost:.1f}", f"{cost / one_cost:.2f}", shared]
        )
    lines = [verdict("CPU time per hit, x one worker, at most", max(c for _, c in measured.values()) / one_cost, 1.25)]
    header = ["workers", "hits/s", "x one", "CPU us/hit", "x one worker's", "shares cores with the load"]
    figures = [{"workers": w, "hits_per_second": rate, "us": cost} for w, (rate, cost) in measured.items()]
    title = f"Workers: hits with new header values, {PER_WORKER} connections per worker, {cores} cores"
    report("workers", title, header, rows, figures, lines=lines, quick=args.quick)


if __name__ == "__main__":
    main()
