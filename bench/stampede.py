"""Stampedes: how many upstream calls do N identical requests at one moment cost, JSON and streams?

Claim: one, for N up to 1,000: in one worker, in two over the disk, in two replicas over Redis.
"""

import asyncio
import itertools
import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from bench import servers
from bench.client import at_once, calls, post
from bench.harness import Server, begin, console, need, parser, report, verdict

CROWDS = (10, 100, 1000)
DELAY = 0.5  # seconds that the upstream takes for an answer, or for a stream
NGINX = "nginx, proxy_cache_lock"
KINDS = {"JSON": b'"stream": false', "SSE": b'"stream": true'}
_numbers = itertools.count()


@dataclass
class Rush:
    """What came of N requests at once, round by round. calls: upstream. bad: answers that were none. Seconds."""

    calls: list[int] = field(default_factory=list)
    bad: int = 0
    first: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)


def rush(upstream: Server, urls: Sequence[str], stream: bytes, count: int, into: Rush) -> None:
    """One round, of a question that nobody has asked before."""
    request = post(b'{"query": "stampede %d", %b}' % (next(_numbers), stream), upstream.url)
    before = calls(upstream.url)
    answers = asyncio.run(at_once(urls, request, count))
    into.calls.append(calls(upstream.url) - before)
    good = [answer for answer in answers if answer.status == 200]
    into.bad += count - len(good)
    into.first.append(statistics.median(answer.first for answer in good))
    into.whole.append(max(answer.whole for answer in good))


def start(stack: ExitStack, upstream: str) -> dict[str, list[str]]:
    """Name -> the URLs among which the requests are divided."""
    redis = stack.enter_context(servers.redis())
    two = servers.ragfront(upstream, "ragfront, two workers", workers=2, l2=servers.disk("stampede"))
    replicas = [servers.ragfront(upstream, f"ragfront, replica {number}", l2=redis) for number in (1, 2)]
    return {
        NGINX: [stack.enter_context(servers.nginx(upstream)).url],
        "ragfront, one worker": [stack.enter_context(servers.ragfront(upstream)).url],
        "ragfront, two workers, disk": [stack.enter_context(two).url],
        "ragfront, two replicas, Redis": [stack.enter_context(replica).url for replica in replicas],
    }


def main() -> None:
    args = begin(parser(__doc__))
    need("nginx", "redis-server")
    rushes: dict[tuple[str, str, int], Rush] = {}
    with ExitStack() as stack:
        upstream = stack.enter_context(servers.service(delay=DELAY))
        tested = start(stack, upstream.url)
        for _ in range(args.rounds):
            for (kind, stream), count, (name, urls) in itertools.product(KINDS.items(), CROWDS, tested.items()):
                with console.status(f"{name}, {kind}, {count}"):
                    rush(upstream, urls, stream, count, rushes.setdefault((kind, name, count), Rush()))
    rows = []
    for kind, name in itertools.product(KINDS, tested):
        mine = [rushes[kind, name, count] for count in CROWDS]
        largest = mine[-1]
        times = f"{statistics.median(largest.first):.2f} / {statistics.median(largest.whole):.2f}"
        bad = str(sum(one.bad for one in mine))
        rows.append([kind, name, *(str(max(one.calls)) for one in mine), times, bad])
    ours = {
        kind: max(max(r.calls) for (k, name, _), r in rushes.items() if k == kind and name != NGINX) for kind in KINDS
    }
    lines = [verdict(f"upstream calls, {kind}, at most in any round", most, 1) for kind, most in ours.items()]
    lines.append(f"an answer or a stream takes the upstream {DELAY:g} s; a stream's first event comes at once")
    header = [
        "answer",
        "server",
        *(f"N = {count:,}" for count in CROWDS),
        "s to first byte / last answer, 1,000",
        "bad",
    ]
    figures = [
        {
            "answer": kind,
            "server": name,
            "n": count,
            "calls": r.calls,
            "bad": r.bad,
            "first_s": r.first,
            "whole_s": r.whole,
        }
        for (kind, name, count), r in rushes.items()
    ]
    title = f"Stampedes: upstream calls for N identical requests at once (most of {args.rounds} rounds)"
    report("stampede", title, header, rows, figures, lines=lines, quick=args.quick)


if __name__ == "__main__":
    main()
