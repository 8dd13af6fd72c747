"""Batches: what do gathering single calls, and caching lists item by item, save a service that serves one at a time?

The service takes 20 ms for a call and 1 ms for each item in it, one call after the other: its time is what is scarce.
Claims: for single texts of 64 clients it spends at most a fifth of the time, and for lists of which three quarters
stood in the one before at most 0.6 of it; a client that is alone waits at most 8 ms longer than without batches.
"""

import asyncio
import itertools
import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from bench import servers
from bench.client import Connection, get
from bench.harness import LOAD_CORE, Server, begin, console, free_port, parser, report, running, verdict

PER_CALL, PER_ITEM = 0.020, 0.001
CLIENTS, LIST, SHARED = 64, 32, 24
ROUTE = "  - {{preset: openai-embeddings, cache: {{ttl: 1h}}{more}}}\n"
WHOLE = ", batch: {items: null}"  # the preset without batches: a list is one question like any other
APART = ", batch: {window: 0}"
ALONE, NO_BATCHES = "the service alone", "ragfront, no batches"
_numbers = itertools.count()


@dataclass
class Round:
    """What came of it. seconds: each answer's. calls, items: of the service."""

    answers: int
    wall: float
    cpu: float
    calls: int
    items: int
    seconds: list[float] = field(default_factory=list)


@contextmanager
def service() -> Iterator[Server]:
    """The upstream, on the load generator's core."""
    port = free_port()
    command = [sys.executable, "-m", "bench.embedding", str(port), str(PER_CALL), str(PER_ITEM)]
    with running("embedding service", command, port, core=LOAD_CORE) as server:
        yield server


def request(asked: str | Sequence[str], url: str) -> bytes:
    """The bytes of one request."""
    body = json.dumps({"model": "m", "input": asked, "encoding_format": "base64"}).encode()
    head = "POST /v1/embeddings HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return (head % (urlsplit(url).netloc, len(body))).encode() + body


def new_text() -> str:
    """One that nobody has asked about before."""
    return f"the text of passage number {next(_numbers)}"


async def ask(url: str, lines: Sequence[Sequence[bytes]]) -> list[float]:
    """Each line of requests on a connection of its own, one after the other; how long each answer took."""

    async def one(requests: Sequence[bytes]) -> list[float]:
        connection = await Connection.to(url)
        took = []
        for each in requests:
            answer = await connection.ask(each)
            if answer.status != 200:
                sys.exit(f"bench: {url} answered {answer.status} {answer.body[:200]!r}")
            took.append(answer.whole)
        await connection.close()
        return took

    return [seconds for took in await asyncio.gather(*map(one, lines)) for seconds in took]


def measured(server: Server, upstream: Server, lines: Sequence[Sequence[bytes]]) -> Round:
    """One round of load."""
    before = [int(get(upstream.url, f"/-/{what}")) for what in ("calls", "items")]
    cpu, began = server.cpu(), time.monotonic()
    seconds = asyncio.run(ask(server.url, lines))
    wall, spent = time.monotonic() - began, server.cpu() - cpu
    calls, items = (int(get(upstream.url, f"/-/{w}")) - b for w, b in zip(("calls", "items"), before, strict=True))
    return Round(len(seconds), wall, spent, calls, items, seconds)


def singles(clients: int, each: int, url: str) -> list[list[bytes]]:
    """Requests about one text each, all of them new."""
    return [[request(new_text(), url) for _ in range(each)] for _ in range(clients)]


def lists(count: int, url: str) -> list[list[bytes]]:
    """Lists of LIST texts, one after the other, of which SHARED stood in the one before."""
    texts = [new_text() for _ in range(LIST)]
    asked = [texts]
    for _ in range(count - 1):
        texts = texts[LIST - SHARED :] + [new_text() for _ in range(LIST - SHARED)]
        asked.append(texts)
    return [[request(one, url) for one in asked]]


def known(count: int, url: str) -> list[list[bytes]]:
    """The same list again and again, its texts in another order each time."""
    texts = [new_text() for _ in range(LIST)]
    return [[request(texts[n % LIST :] + texts[: n % LIST], url) for n in range(count)]]


LOADS = (
    "64 clients, single texts",
    "one client, single texts",
    "lists, 24 of 32 texts known",
    "lists, all texts known",
)


def load(name: str, url: str, quick: bool) -> list[list[bytes]]:
    """The requests of one round."""
    if name == LOADS[0]:
        return singles(CLIENTS, 3 if quick else 6, url)
    if name == LOADS[1]:
        return singles(1, 10 if quick else 40, url)
    return lists(10 if quick else 25, url) if name == LOADS[2] else known(20 if quick else 150, url)


def summed(rounds: dict[tuple[str, str], list[Round]]) -> list[dict[str, Any]]:
    """One record for each load and server."""
    figures = []
    for (what, name), made in rounds.items():
        answers = sum(one.answers for one in made)
        calls, items = sum(one.calls for one in made) / answers, sum(one.items for one in made) / answers
        figures.append(
            {
                "load": what,
                "server": name,
                "calls_per_answer": calls,
                "items_per_answer": items,
                "busy_s": calls * PER_CALL + items * PER_ITEM,
                "answers_per_s": answers / sum(one.wall for one in made),
                "p50_s": statistics.median(seconds for one in made for seconds in one.seconds),
                "cpu_us": None if name == ALONE else sum(one.cpu for one in made) / answers * 1e6,
            }
        )
    return figures


def row(figure: dict[str, Any]) -> list[str]:
    """Its line in the table."""
    cpu = figure["cpu_us"]
    return [
        figure["load"],
        figure["server"],
        f"{figure['calls_per_answer']:.2f}",
        f"{figure['items_per_answer']:.2f}",
        f"{figure['busy_s'] * 1e3:.1f}",
        f"{figure['answers_per_s']:.0f}",
        f"{figure['p50_s'] * 1e3:.1f}",
        "-" if cpu is None else f"{cpu:.0f}",
    ]


def verdicts(figures: list[dict[str, Any]]) -> list[str]:
    """What was claimed, and whether it holds."""
    at = {(figure["load"], figure["server"]): figure for figure in figures}
    crowd, alone, shared, _ = (at[what, "ragfront"] for what in LOADS)
    base = {what: at[what, ALONE] for what in LOADS}
    longer = (alone["p50_s"] - at[LOADS[1], NO_BATCHES]["p50_s"]) * 1e3
    return [
        verdict(
            "64 clients: the service's time, x without a gateway", crowd["busy_s"] / base[LOADS[0]]["busy_s"], 1 / 5
        ),
        verdict("overlapping lists: the service's time, x without", shared["busy_s"] / base[LOADS[2]]["busy_s"], 0.6),
        verdict("one client: ms longer at p50 than without batches", longer, 8),
        f"64 clients: {crowd['answers_per_s'] / base[LOADS[0]]['answers_per_s']:.1f} times as many answers a second",
        f"the service serves one call at a time: {PER_CALL * 1e3:g} ms, and {PER_ITEM * 1e3:g} ms for each item",
    ]


def main() -> None:
    args = begin(parser(__doc__))
    rounds: dict[tuple[str, str], list[Round]] = {}
    with ExitStack() as stack:
        upstream = stack.enter_context(service())
        tested = {ALONE: upstream}
        for name, more in ((NO_BATCHES, WHOLE), ("ragfront, window 0", APART), ("ragfront", "")):
            route = ROUTE.format(more=more)
            tested[name] = stack.enter_context(servers.ragfront(upstream.url, name, routes=route))
        for _ in range(args.rounds):
            for what, (name, server) in itertools.product(LOADS, tested.items()):
                with console.status(f"{name}, {what}"):
                    made = measured(server, upstream, load(what, server.url, args.quick))
                    rounds.setdefault((what, name), []).append(made)
    figures = summed(rounds)
    header = ["load", "server", "calls", "items", "service ms", "answers/s", "p50 ms", "CPU us"]
    title = "Batches: what an answer costs a service that serves one call at a time; the gateway's own CPU time"
    report("batch", title, header, list(map(row, figures)), figures, lines=verdicts(figures), quick=args.quick)


if __name__ == "__main__":
    main()
