"""The degrade ladder: a model that hangs. How many clients have something in time, and what?

Claim: all are answered within `after` + 50 ms, whichever rung there is; without a ladder nobody is.

Each case asks its questions once while the model is well (so that there is something stale, or remembered, where the
case is about that), then as many while it hangs, 64 at a time.
"""

import asyncio
import statistics
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain

from bench import hanging, servers
from bench.client import Answer, Connection, get, post
from bench.harness import LOAD_CORE, Server, begin, console, free_port, parser, report, running, verdict

AFTER = 0.5
LATE = AFTER + 0.05
CLIENTS = 64
QUESTIONS = 640
SLOW_SEARCH = 5.0
DOCS = 'docs: {request: {path: /retrieve, body: {query: "{query}"}, documents: /retrieved_docs}}'
SHAPE = "shape: {query: /query, documents: /response/retrieved_docs, event_documents: /documents, delta: /delta}"
EVENTS = 'events: [{data: {documents: "{documents}"}}, {data: "[DONE]"}]'
STREAMS = "stream: {when: [{pointer: /stream, is: true}]}"
STATIC = "static: {status: 503, body: {error: busy}}"
SHORT = "ttl: 1ms, jitter: 0, stale_while_revalidate: 0, stale_if_error: "


@dataclass(frozen=True)
class Case:
    """degrade, cache: a route's settings. search: seconds that a search takes. again: questions asked before."""

    name: str
    degrade: str
    cache: str = "ttl: 1h"
    search: float = hanging.SEARCH
    again: bool = False
    stream: bool = False
    upstream: str = "pool: {connections: 4096}"  # calls that hang keep theirs


CASES = (
    Case("no ladder", "ladder: []"),
    Case("documents asked for", f"after: 500ms, ladder: [stale, docs, static], {DOCS}, {STATIC}", upstream=""),
    Case("documents, too slowly", f"after: 500ms, ladder: [docs, static], {DOCS}, {STATIC}", search=SLOW_SEARCH),
    Case("documents remembered", "after: 500ms, ladder: [stale, docs]", cache=SHORT + "0", again=True),
    Case("stale", f"after: 500ms, ladder: [stale, docs], {DOCS}", cache=SHORT + "1h", again=True),
    Case("out of a partial stream", f"after: 500ms, ladder: [docs], docs: {{answer: {{{EVENTS}}}}}", stream=True),
    Case("refused: 8 calls at once", f"after: 500ms, ladder: [docs], {DOCS}",
         upstream="concurrency: {mode: fixed, limit: 8, queue: 0}"),
)  # fmt: skip


@contextmanager
def service(search: float) -> Iterator[Server]:
    port = free_port()
    with running(
        "service", [sys.executable, "-m", "bench.hanging", str(port), str(search)], port, core=LOAD_CORE
    ) as it:
        yield it


async def ask(url: str, bodies: Sequence[bytes]) -> list[Answer]:
    """Each once, CLIENTS at a time, who do not all ask in the same moment."""
    left = iter(bodies)

    async def work(number: int) -> list[Answer]:
        await asyncio.sleep(AFTER * number / CLIENTS)
        connection = await Connection.to(url)
        answers = [await connection.ask(post(body, url)) for body in left]
        await connection.close()
        return answers

    return list(chain.from_iterable(await asyncio.gather(*map(work, range(CLIENTS)))))


def rung(answer: Answer) -> str:
    """Which rung answered; "answer" for the upstream's own."""
    for line in answer.head.decode("latin-1").split("\r\n"):
        name, _, value = line.partition(": ")
        if name.lower() == "x-ragfront-degraded":
            return value.partition(";")[0]
    return "answer" if answer.status == 200 else f"{answer.status}"


def measure(case: Case, count: int) -> list[Answer]:
    """What clients of a hanging model get."""
    with ExitStack() as stack:
        upstream = stack.enter_context(service(case.search))
        route = (
            f"  - {{name: ask, match: {{method: POST, path: /rag}}, cache: {{{case.cache}}}, {SHAPE}, {STREAMS}, "
            f"degrade: {{{case.degrade}}}}}\n"
        )
        start = servers.ragfront(
            upstream.url, l2=servers.disk("degrade"), routes=route, upstream_settings=case.upstream, more="drain: 1s"
        )
        gateway = stack.enter_context(start)
        more = b', "stream": true' if case.stream else b""
        bodies = [b'{"query": "question %d"%b}' % (number, more) for number in range(count)]
        if case.again:
            asyncio.run(ask(gateway.url, bodies))
        get(upstream.url, "/-/hang")
        return asyncio.run(ask(gateway.url, bodies))


def main() -> None:
    args = begin(parser(__doc__))
    count = CLIENTS * 2 if args.quick else QUESTIONS
    rows, figures, lines = [], [], []
    for case in CASES:
        # Who has no ladder waits for 20 s: one question each is enough to see it.
        asked = CLIENTS if case.degrade == "ladder: []" else count
        with console.status(case.name):
            answers = measure(case, asked)
        waits = sorted(answer.whole for answer in answers)
        late = sum(wait > LATE for wait in waits) / len(waits)
        rungs = Counter(map(rung, answers))
        told = ", ".join(f"{name} {number}" for name, number in rungs.most_common())
        p50, p99 = statistics.median(waits), waits[int(0.99 * len(waits))]
        rows.append([case.name, told, f"{100 * (1 - late):.1f} %", f"{p50 * 1000:.0f}", f"{p99 * 1000:.0f}"])
        figures.append({"case": case.name, "rungs": rungs, "in_time": 1 - late, "p50_s": p50, "p99_s": p99})
        if case.degrade != "ladder: []":
            lines.append(verdict(f"share answered later than {LATE * 1000:.0f} ms, {case.name}", late, 0.0))
    title = (
        f"A model that hangs, {CLIENTS} clients, after: {AFTER * 1000:.0f} ms: who is answered in time, and with what"
    )
    header = ["what there is", "answered by", f"within {LATE * 1000:.0f} ms", "p50 ms", "p99 ms"]
    report("degrade", title, header, rows, figures, lines=lines, quick=args.quick)


if __name__ == "__main__":
    main()
