"""Streams: what does the way through the gateway add to the first event, and what do 1,000 followers of one cost?

Claims: the first event comes < 1 ms later (p50) than from the upstream directly; 1,000 followers of one stream make
one upstream call, all get all of it, and the process grows by less than one body for each.

The first events are timed one stream at a time, asked directly and through the gateway in turn.
"""

import asyncio
import itertools
import statistics

from bench import servers
from bench.client import Connection, at_once, calls, post
from bench.harness import Server, begin, console, need, parser, report, verdict

FOLLOWERS = 1_000
DELAY = 0.5  # seconds of the stream that is followed
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


def crowd(upstream: Server, gateway: Server) -> tuple[int, int, int, float]:
    """Upstream calls, whole answers, bytes of one, bytes by which the gateway grew for each follower."""
    request = question(upstream.url)
    asked, before = calls(upstream.url), gateway.rss()
    answers = asyncio.run(at_once([gateway.url], request, FOLLOWERS))
    bodies = {answer.body for answer in answers if answer.body.endswith(b"data: [DONE]\n\n")}
    whole = sum(answer.status == 200 and answer.body in bodies for answer in answers) if len(bodies) == 1 else 0
    return calls(upstream.url) - asked, whole, len(next(iter(bodies), b"")), (gateway.rss() - before) / FOLLOWERS


def main() -> None:
    args = begin(parser(__doc__))
    need("taskset")
    count = 200 if args.quick else 1_000
    telling = console.status(f"first events of {count} streams, directly and through the gateway")
    with servers.service(exact=True) as upstream, servers.ragfront(upstream.url) as gateway, telling:
        taken = asyncio.run(firsts(upstream, gateway, count))
    made, whole, size, grown = [], [], 0, []
    with servers.service(delay=DELAY) as upstream, servers.ragfront(upstream.url, "ragfront, followed") as gateway:
        for number in range(args.rounds + 1):
            with console.status(f"{FOLLOWERS} followers, round {number or 'to warm up'}"):
                one_calls, one_whole, size, one_grown = crowd(upstream, gateway)
            if number:
                made.append(one_calls)
                whole.append(one_whole)
                grown.append(one_grown)
    p50 = {name: statistics.median(values) for name, values in taken.items()}
    p99 = {name: statistics.quantiles(values, n=100)[98] for name, values in taken.items()}
    added = p50["ragfront"] - p50["direct"]
    rows = [[f"first event, {name}, p50 / p99", f"{p50[name]:.2f} / {p99[name]:.2f} ms"] for name in taken]
    rows += [
        [f"{FOLLOWERS:,} followers: upstream calls, most of {args.rounds} rounds", str(max(made))],
        [f"{FOLLOWERS:,} followers: of whom got all of it, fewest", f"{min(whole):,}"],
        [f"{FOLLOWERS:,} followers: growth of the process for each, a body is {size} bytes", f"{max(grown):.0f} bytes"],
    ]
    lines = [
        verdict("first event added, p50 in ms", added, 1.0),
        verdict("upstream calls for 1,000 followers", max(made), 1),
        verdict("followers who did not get all of it", FOLLOWERS - min(whole), 0),
        verdict("growth for each follower, x the body", max(grown) / size, 1.0),
    ]
    figures = {"first_ms": {name: {"p50": p50[name], "p99": p99[name]} for name in taken}, "calls": made,
               "whole": whole, "grown": grown, "body": size}  # fmt: skip
    title = "Streams: the first event's time, and many followers of one stream"
    report("stream", title, ["what", "is"], rows, figures, lines=lines, quick=args.quick)


if __name__ == "__main__":
    main()
