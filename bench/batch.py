"""Batches: what do gathering single calls, and caching lists item by item, save a service that serves one at a time?

The service takes 20 ms for a call and 1 ms for each item in it; nothing else is measured by wall time here, and this
may be, since it waits for timers. Claims: 64 clients with texts of their own get at least 8 times as many answers
through a gathering gateway as from the service; lists that share three quarters of their texts with one before cost
it at most a third of the items; a client that is alone waits at most 8 ms longer than without batches.
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
from urllib.parse import urlsplit

from bench import servers
from bench.client import Connection, get
from bench.harness import LOAD_CORE, Server, begin, console, free_port, parser, report, running, verdict

PER_CALL, PER_ITEM = 0.020, 0.001
CLIENTS, LIST, SHARED = 64, 32, 24
ROUTE = "  - {{preset: openai-embeddings, cache: {{ttl: 1h}}{more}}}\n"
WHOLE = ", batch: {items: null}"  # the preset without batches: a list is one question like any other
APART = ", batch: {window: 0}"
NO_BATCHES = "ragfront, no batches"
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
        return singles(CLIENTS, 4 if quick else 10, url)
    if name == LOADS[1]:
        return singles(1, 10 if quick else 40, url)
    return lists(10 if quick else 40, url) if name == LOADS[2] else known(20 if quick else 200, url)


def main() -> None:
    args = begin(parser(__doc__))
    rounds: dict[tuple[str, str], list[Round]] = {}
    with ExitStack() as stack:
        upstream = stack.enter_context(service())
        tested = {"the service alone": upstream}
        for name, more in ((NO_BATCHES, WHOLE), ("ragfront, window 0", APART), ("ragfront", "")):
            route = ROUTE.format(more=more)
            tested[name] = stack.enter_context(servers.ragfront(upstream.url, name, routes=route))
        for _ in range(args.rounds):
            for what, (name, server) in itertools.product(LOADS, tested.items()):
                with console.status(f"{name}, {what}"):
                    made = measured(server, upstream, load(what, server.url, args.quick))
                    rounds.setdefault((what, name), []).append(made)
    rows, figures = [], []
    for (what, name), made in rounds.items():
        answers = sum(one.answers for one in made)
        rate = answers / sum(one.wall for one in made)
        p50 = statistics.median(seconds for one in made for seconds in one.seconds)
        calls, items = sum(one.calls for one in made) / answers, sum(one.items for one in made) / answers
        cpu = "-" if name == "the service alone" else f"{sum(one.cpu for one in made) / answers * 1e6:.0f}"
        rows.append([what, name, f"{rate:.0f}", f"{p50 * 1e3:.1f}", f"{calls:.2f}", f"{items:.2f}", cpu])
        figures.append({"load": what, "server": name, "answers_per_s": rate, "p50_s": p50,
                        "calls_per_answer": calls, "items_per_answer": items, "cpu_us": cpu})  # fmt: skip
    at = {(figure["load"], figure["server"]): figure for figure in figures}
    crowd, alone, shared = (at[what, "ragfront"] for what in LOADS[:3])
    base = [at[what, "the service alone"] for what in LOADS[:3]]
    longer = (alone["p50_s"] - at[LOADS[1], NO_BATCHES]["p50_s"]) * 1e3
    pairs = zip((crowd, alone, shared), base, strict=True)
    times = [one["answers_per_s"] / other["answers_per_s"] for one, other in pairs]
    lines = [
        verdict("64 clients: answers/s of the service alone, x ragfront's", 1 / times[0], 1 / 8),
        verdict("one client: ms longer at p50 than without batches", longer, 8),
        verdict("lists: items asked, x the service's", shared["items_per_answer"] / base[2]["items_per_answer"], 1 / 3),
        f"answers/s of ragfront, x the service's: 64 clients {times[0]:.1f}, overlapping lists {times[2]:.1f}",
        f"the service serves one call at a time: {PER_CALL * 1e3:g} ms, and {PER_ITEM * 1e3:g} ms for each item",
    ]
    header = ["load", "server", "answers/s", "p50 ms", "calls/answer", "items/answer", "CPU us/answer"]
    title = "Batches: embeddings from a service that serves one call at a time"
    report("batch", title, header, rows, figures, lines=lines, quick=args.quick)


if __name__ == "__main__":
    main()
