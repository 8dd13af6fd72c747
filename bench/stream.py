"""Streams: what does the way through the gateway add to the first event, and what do 1,000 followers of one cost?

Claims: the first event comes < 1 ms later (p50) than from the upstream directly; 1,000 followers of one stream make
one upstream call, all get all of it, and share one body: one of 256 KiB makes the process grow by at most 10 bodies
more than a body of a few bytes does, at its peak, and not by 1,000.

The first events are timed one stream at a time, asked directly and through the gateway in turn. Each crowd meets a
gateway that is new, so that nothing can grow into what an earlier one left; what a connection costs, whatever it is
sent, is told apart by the crowd that follows a few bytes. Followers read as fast as they can: of a slow one's answer
the gateway holds what it does not take, up to the buffers of its connection.
"""

import asyncio
import itertools
import statistics
from dataclasses import asdict, dataclass

from bench import servers
from bench.client import Connection, at_once, calls, post
from bench.harness import Server, begin, console, need, parser, report, verdict
from bench.service import EVENTS

FOLLOWERS = 1_000
DELAY = 0.5  # seconds of the stream that is followed
SMALL, LARGE = 5, (256 << 10) // EVENTS  # bytes of text in each of its events
_numbers = itertools.count()


def question(url: str) -> bytes:
    """One that nobody has asked before, to be answered by a stream."""
    return post(b'{"query": "stream %d", "stream": true}' % next(_numbers), url)


async def firsts(upstream: Server, gateway: Server, count: int) -> dict[str, list[float]]:
    """Milliseconds from the request to the first event."""
    ways = {name: await Connection.to(server.url) for name, server in (("direct", upstream), ("ragfront", gateway))}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(count):
        for name, connection in ways.items():
            answer = await connection.ask(question(upstream.url))
            assert answer.status == 200
            if number >= count // 10:  # the rest is for warming up
                taken[name].append(answer.first * 1000)
    for connection in ways.values():
        await connection.close()
    return taken


@dataclass(slots=True)
class Crowd:
    """What 1,000 followers came to: upstream calls, whole answers, bytes of one, bytes of growth at the peak."""

    calls: int
    whole: int
    size: int
    grown: int


def crowd(event: int) -> Crowd:
    """Followers of one stream whose events have so many bytes of text, in front of a gateway that is new."""
    with servers.service(delay=DELAY, event=event) as upstream, servers.ragfront(upstream.url, "followed") as gateway:
        asyncio.run(at_once([gateway.url], question(upstream.url), 1))  # what a process makes once
        asked = calls(upstream.url)
        gateway.forget_peak()
        before = gateway.peak()
        answers = asyncio.run(at_once([gateway.url], question(upstream.url), FOLLOWERS))
        grown = gateway.peak() - before
        bodies = {answer.body for answer in answers if answer.body.endswith(b"data: [DONE]\n\n")}
        whole = sum(answer.status == 200 and answer.body in bodies for answer in answers) if len(bodies) == 1 else 0
        return Crowd(calls(upstream.url) - asked, whole, len(next(iter(bodies), b"")), grown)


def main() -> None:
    args = begin(parser(__doc__))
    need("taskset")
    count = 200 if args.quick else 1_000
    telling = console.status(f"first events of {count} streams, directly and through the gateway")
    with servers.service(exact=True) as upstream, servers.ragfront(upstream.url) as gateway, telling:
        taken = asyncio.run(firsts(upstream, gateway, count))
    pairs = []
    for number in range(args.rounds):
        with console.status(f"{FOLLOWERS} followers, round {number + 1}"):
            pairs.append((crowd(SMALL), crowd(LARGE)))
    crowds = [one for pair in pairs for one in pair]
    made, whole = [one.calls for one in crowds], [one.whole for one in crowds]
    bodies = max((large.grown - small.grown) / large.size for small, large in pairs)
    p50 = {name: statistics.median(values) for name, values in taken.items()}
    p99 = {name: statistics.quantiles(values, n=100)[98] for name, values in taken.items()}
    added = p50["ragfront"] - p50["direct"]
    rows = [[f"first event, {name}, p50 / p99", f"{p50[name]:.2f} / {p99[name]:.2f} ms"] for name in taken]
    rows += [
        [f"{FOLLOWERS:,} followers: upstream calls, most of {args.rounds} rounds", str(max(made))],
        [f"{FOLLOWERS:,} followers: of whom got all of it, fewest", f"{min(whole):,}"],
    ]
    for kind in zip(*pairs, strict=True):
        most = max(one.grown for one in kind)
        rows.append(
            [f"{FOLLOWERS:,} followers of {kind[0].size:,} bytes: the process grows by", f"{most / 2**20:.1f} MiB"]
        )
    lines = [
        verdict("first event added, p50 in ms", added, 1.0),
        verdict("upstream calls for 1,000 followers", max(made), 1),
        verdict("followers who did not get all of it", FOLLOWERS - min(whole), 0),
        verdict(f"bodies of {crowds[-1].size:,} bytes that 1,000 followers of one take", bodies, 10),
    ]
    figures = {"first_ms": {name: {"p50": p50[name], "p99": p99[name]} for name in taken},
               "crowds": [asdict(one) for one in crowds]}  # fmt: skip
    title = "Streams: the first event's time, and many followers of one stream"
    report("stream", title, ["what", "is"], rows, figures, lines=lines, quick=args.quick)


if __name__ == "__main__":
    main()
