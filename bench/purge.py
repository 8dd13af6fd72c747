"""Purges: how long are old answers served after one, and what do 10,000 of them cost those who hit?

Claims: once a purge has answered 200, no old answer is served, by no worker and no gateway: 0. A hit costs at most
1.05 x as much CPU time with 10,000 purges active as with none.

The gateways are under load all the while: 32 clients ask 40 questions, the service's knowledge changes, and each answer
says of which time it is. One is old that is of before the last change. It counts as late where it was asked for after
the 200. Times are wall time, from when the purge was sent; gateways, clients and Redis share two cores.

What purges cost is measured in one process, which forgets them when all is purged: two processes of a kind differ by
up to 5 % by where their memory lies. Each round begins and ends without any, and is compared with the mean of these.
"""

import asyncio
import json
import shutil
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle, islice

import uvloop

from bench import servers
from bench.answering import Answering, answer
from bench.client import Connection, each, get, post
from bench.harness import (
    WORK,
    Case,
    Sample,
    Server,
    alternate,
    begin,
    console,
    free_port,
    need,
    parser,
    report,
    times,
    verdict,
    wrk,
)  # fmt: skip

CLIENTS, QUESTIONS, TAKES = 32, 40, 0.01
PURGES, BETWEEN = 50, 0.1  # a setup, and seconds from one purge's answer to the next purge
ROUNDS = 7
ACTIVE, AT_ONCE, MANY = 10_000, 5_000, 1000
NONE, SOME, MORE, AGAIN = "none", "10,000", "10,000, and 10/s more", "none, once more"
ONE = "one question"
ROUTE = """\
  - name: ask
    match: {method: POST, path: /rag}
    key: {body: [/query]}
    cache: {ttl: 1h}
    tags: ["doc:{/doc}"]
"""
ORDERS: list[dict[str, object]] = [{"route": "ask"}, {"tags": ["doc:*"]}, {"all": True}]


class Knowledge:
    """What the service knows: `generation` stands in each answer as of when it was asked."""

    def __init__(self) -> None:
        self.generation = 0

    def __call__(self) -> "Service":
        return Service(self)


class Service(Answering):
    """One connection to it."""

    def __init__(self, knowledge: Knowledge) -> None:
        super().__init__(b"")
        self._knowledge = knowledge

    def answer(self, request: bytes) -> None:
        said = json.dumps({"generation": self._knowledge.generation, "doc": "kb/1", "text": "x" * 1300}).encode()
        asyncio.get_running_loop().call_later(TAKES, self._send, answer(said))

    def _send(self, reply: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(reply)


@dataclass
class Seen:
    """What clients got: when an answer of which time came, and when it was asked for; hits among them."""

    answers: int = 0
    hits: int = 0
    last: dict[int, float] = field(default_factory=dict)  # of each generation, when it came last
    asked: dict[int, float] = field(default_factory=dict)  # and when that one was asked for that was asked for last


@dataclass
class Setup:
    """seconds, of each purge: `confirmed` until its 200, `old` until the last old answer. late: old ones after it."""

    name: str
    confirmed: list[float] = field(default_factory=list)
    old: list[float] = field(default_factory=list)
    late: int = 0
    hits: float = 0.0


async def read(url: str, first: int, seen: Seen) -> None:
    """A client, until cancelled."""
    connection = await Connection.to(url)
    for number in cycle(range(first, first + QUESTIONS)):
        began = time.monotonic()
        got = await connection.ask(post(b'{"query": "question %d"}' % (number % QUESTIONS), url))
        generation = json.loads(got.body)["generation"]
        seen.answers += 1
        seen.hits += b"ragfront; hit" in got.head
        seen.last[generation] = time.monotonic()
        seen.asked[generation] = max(began, seen.asked.get(generation, 0.0))


async def purge(admin: Connection, order: dict[str, object]) -> bool:
    """Whether it was confirmed."""
    body = json.dumps(order | {"wait": "10s"}).encode()
    lines = b"Host: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d" % len(body)
    return (await admin.ask(b"POST /admin/purge HTTP/1.1\r\n%b\r\n\r\n%b" % (lines, body))).status == 200


def all_there(admin: str, size: int) -> None:
    """Wait until so many workers count."""
    for _ in range(600):
        with suppress(OSError):
            if len(json.loads(get(admin, "/admin/fleet"))["members"]) == size:
                return
        time.sleep(0.05)
    raise SystemExit("bench: not all workers are there")


async def under_load(name: str, urls: list[str], admin: str, knowledge: Knowledge, purges: int) -> Setup:
    """Purge again and again."""
    setup, seen = Setup(name), Seen()
    clients = [asyncio.create_task(read(urls[n % len(urls)], n, seen)) for n in range(CLIENTS)]
    asker = await Connection.to(admin)
    await asyncio.sleep(1)
    for order in islice(cycle(ORDERS), purges):
        knowledge.generation += 1
        began = time.monotonic()
        if not await purge(asker, order):
            raise SystemExit(f"bench: {name}: a purge was not confirmed")
        end = time.monotonic()
        await asyncio.sleep(BETWEEN)
        old = range(knowledge.generation)
        setup.confirmed.append(end - began)
        setup.old.append(max(0.0, max(seen.last.get(generation, 0.0) for generation in old) - began))
        setup.late += sum(seen.asked.get(generation, 0.0) > end for generation in old)
    for client in clients:
        client.cancel()
    for done in await asyncio.gather(*clients, return_exceptions=True):
        if not isinstance(done, asyncio.CancelledError):
            raise SystemExit(f"bench: {name}: a client ended: {done!r}")
    setup.hits = seen.hits / seen.answers
    return setup


@contextmanager
def gateways(number: int, upstream: str, l2: str, workers: int) -> Iterator[tuple[list[str], str]]:
    """So many over one store; their URLs, and one's admin API."""
    shared = WORK / "purge-control"
    shutil.rmtree(shared, ignore_errors=True)
    with ExitStack() as stack:
        apis = [f"127.0.0.1:{free_port()}" for _ in range(number)]
        running = [
            stack.enter_context(
                servers.ragfront(
                    upstream, f"purge {n}", workers=workers, l2=l2, routes=ROUTE, admin=api, control=str(shared)
                )
            )
            for n, api in enumerate(apis)
        ]
        all_there(f"http://{apis[0]}", number * workers)
        yield [server.url for server in running], f"http://{apis[0]}"


async def measure_times(purges: int) -> list[Setup]:
    """All setups, one after the other."""
    knowledge = Knowledge()
    upstream = await asyncio.get_running_loop().create_server(knowledge, "127.0.0.1", port := free_port(), backlog=1024)
    found = []
    with servers.redis() as redis:
        disk = servers.disk("purge")
        for name, number, l2, workers in (
            ("1 worker, disk", 1, disk, 1),
            ("4 workers, disk", 1, disk, 4),
            ("2 gateways, one Redis", 2, redis, 1),
            ("2 gateways, one LMDB", 2, disk, 1),
        ):
            with gateways(number, f"http://127.0.0.1:{port}", l2, workers) as (urls, admin):
                console.print(name, highlight=False)
                found.append(await under_load(name, urls, admin, knowledge, purges))
    upstream.close()
    return found


async def prepare(server: Server, api: str, active: bool) -> None:
    """Forget all purges; activate 10,000, where they are wanted, that name none of what is asked; have all answers."""
    connection = await Connection.to(f"http://{api}")
    orders: list[dict[str, object]] = [{"all": True}]
    if active:
        tags = [f"doc:other/{n}" for n in range(ACTIVE - 1000)] + [f"doc:other{n}/*" for n in range(500)]
        orders += [{"tags": tags[:AT_ONCE]}, {"tags": tags[AT_ONCE:]}, {"keys": [f"{n:064x}" for n in range(500)]}]
    for order in orders:
        if not await purge(connection, order):
            raise SystemExit("bench: a purge was not confirmed")
    await connection.close()
    asked = [servers.question(n) for n in range(MANY)] + [servers.BODY.encode()]
    await each(server.url, [post(body, server.url) for body in asked])


async def ingest(api: str, ended: threading.Event) -> None:
    """Purge ten times a second what nobody asks for, as a pipeline does that takes in documents."""
    connection = await Connection.to(f"http://{api}")
    number = 0
    while not ended.is_set():
        number += 1
        await purge(connection, {"tags": [f"doc:new/{number}"]})
        await asyncio.sleep(0.1)
    await connection.close()


def hits(server: Server, api: str, load: str, purges: str, seconds: int) -> Sample:
    """One round, hits only."""
    asyncio.run(prepare(server, api, purges in (SOME, MORE)))
    ended = threading.Event()
    pipeline = threading.Thread(target=lambda: asyncio.run(ingest(api, ended)))
    if purges == MORE:
        pipeline.start()
    try:
        if load == ONE:
            return wrk(server, "/rag", "same.lua", "POST", servers.BODY, seconds=seconds)
        return wrk(server, "/rag", "keys.lua", str(MANY), seconds=seconds)
    finally:
        ended.set()
        if purges == MORE:
            pipeline.join()


def measure_cost(rounds: int, seconds: int) -> dict[tuple[str, str], tuple[float, float]]:
    """CPU time per hit in microseconds, and how many times that of none; by what is asked and what was purged."""
    found: dict[tuple[str, str], tuple[float, float]] = {}
    with ExitStack() as stack:
        upstream = stack.enter_context(servers.upstream(1400))
        api = f"127.0.0.1:{free_port()}"
        server = stack.enter_context(servers.ragfront(upstream.url, "purged", routes=ROUTE, admin=api))
        for load in (ONE, f"{MANY:,} questions"):
            cases = {
                purges: Case(f"{load}, {purges}", partial(hits, server, api, load, purges, seconds))
                for purges in (NONE, SOME, MORE, AGAIN)
            }
            alternate(list(cases.values()), rounds)
            ratios = times(cases, NONE, AGAIN)
            found |= {(load, purges): (case.micros, ratios[purges]) for purges, case in cases.items()}
    return found


def main() -> None:
    args = begin(parser(__doc__), ROUNDS)
    need("wrk", "redis-server")
    setups = uvloop.run(measure_times(5 if args.quick else PURGES))
    costs = measure_cost(args.rounds, args.seconds)
    rows = [
        [f"{one.name}: {what}", f"{statistics.median(took) * 1000:.1f} ms", f"{max(took) * 1000:.1f} ms"]
        for one in setups
        for what, took in (("until the 200", one.confirmed), ("until the last old answer", one.old))
    ]
    lines = [verdict(f"{one.name}, old answers asked for after the 200", one.late, 0) for one in setups]
    for (load, purges), (value, ratio) in costs.items():
        rows.append([f"a hit, {load}, purges: {purges}", f"{value:.1f} us", f"{ratio:.2f} x"])
        if purges == SOME:
            lines.append(verdict(f"a hit, {load}, 10,000 purges, x none", ratio, 1.05))
    header = ["what", "median", "most, or x none"]
    title = f"Purges: {CLIENTS} clients, {len(setups[0].old)} purges each; hits: CPU time, 32 connections, one core"
    figures = {
        "times": [
            {"setup": one.name, "confirmed_s": one.confirmed, "old_s": one.old, "late": one.late, "hits": one.hits}
            for one in setups
        ],
        "costs": [
            {"load": load, "purges": purges, "us": us, "times": ratio} for (load, purges), (us, ratio) in costs.items()
        ],
    }
    report("purge", title, header, rows, figures, lines=lines, quick=args.quick)


if __name__ == "__main__":
    main()
