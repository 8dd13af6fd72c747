"""A client that offers requests at a rate, whatever becomes of the ones before: users do not wait for each other.

As a program: reads a plan from standard input (JSON, the fields of `Plan`), prints what came of it as JSON. Who is not
answered within `patience` leaves: the connection is closed. Connections are bounded; what is due while all of them wait
is not sent, and told as that. Bounded in time.
"""

import asyncio
import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import uvloop

from bench.answering import LENGTH
from bench.harness import LOAD_CORE
from bench.locust import questions

_HEAD = (
    b"POST /rag HTTP/1.1\r\nHost: %b\r\nX-Forwarded-For: %b\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%b"
)
_TICK = 0.002


@dataclass
class Plan:
    """What is offered. kind: see `bodies`. rate: requests/s. settle, seconds: not counted, and counted after it.

    clients: addresses in X-Forwarded-For, which take turns, of the network `net`.
    """

    url: str
    kind: str
    rate: float
    seconds: float
    settle: float = 0.0
    patience: float = 2.0
    connections: int = 1000
    clients: int = 1
    net: str = "203.0.113"
    seed: int = 1


@dataclass
class Told:
    """What came of it. sent: counted ones; unsent: due, and no connection free; ms: of good answers, by kind."""

    sent: int = 0
    unsent: int = 0
    good: int = 0
    late: int = 0
    broken: int = 0
    rejected: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    ms: dict[str, list[float]] = field(default_factory=lambda: {"hit": [], "miss": []})
    core: float = 0.0  # share of its core that the client used

    def percentile(self, part: float, *kinds: str) -> float:
        """Milliseconds; 0 where there were no such answers."""
        took = sorted(ms for kind in kinds or self.ms for ms in self.ms[kind])
        return took[min(len(took) - 1, int(len(took) * part))] if took else 0.0


WORDS = ("indexes", "filters", "vectors", "shards", "tokens", "caches", "queries", "tables")
KNOWN, EMPTIES = 500, 300  # different questions


def question(number: int) -> str:
    """One that the corpus has an answer to."""
    return f"How do {WORDS[number % len(WORDS)]} work in release {number}?"


def _body(query: str, kb: str = "kb-1") -> bytes:
    return json.dumps({"query": query, "kb_id": kb}).encode()


def bodies(kind: str, seed: int) -> Iterator[tuple[bytes, bool]]:
    """Bodies of requests, and whether the answer is not expected to be there already.

    new: never asked before. normal: by Zipf's law out of KNOWN questions, and one in twenty never asked before.
    all: each of the KNOWN once. random: of letters; empty: of a few that nothing is found for; ids: that do not exist.
    """
    draw = random.Random(seed)
    if kind == "all":
        yield from ((_body(question(number)), False) for number in range(KNOWN))
        return
    ranks = questions.stream(1.0, seed, KNOWN) if kind == "normal" else iter(())
    number = 0
    while True:
        number += 1
        if kind == "new" or (kind == "normal" and number % 20 == 0):
            yield _body(question(seed * 10_000_000 + number)), True
        elif kind == "normal":
            yield _body(question(next(ranks))), False
        elif kind == "random":
            yield _body("".join(draw.choices("bcdfghjklmnpqrstvwxz", k=24)) + f"{number}"), True
        elif kind == "empty":
            yield _body(f"What is nothing {draw.randrange(EMPTIES)}?"), False
        elif kind == "ids":
            yield _body(question(number % KNOWN), f"nothing-{seed}-{number}"), True
        else:
            raise ValueError(kind)


class _Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self, offer: "_Offer") -> None:
        self._offer = offer
        self._held = b""
        self.due = 0.0  # when its request was to be sent; 0: it has none
        self.new = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport

    def ask(self, request: bytes, due: float, new: bool) -> None:
        self.due, self.new = due, new
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        data = self._held + data if self._held else data
        end = data.find(b"\r\n\r\n")
        length = LENGTH.search(data, 0, max(end, 0))
        if end < 0 or len(data) < end + 4 + (int(length[1]) if length else 0):
            self._held = data
            return
        self._held = b""
        self._offer.answered(self, data, end)

    def connection_lost(self, exc: Exception | None) -> None:
        self._offer.lost(self)


class _Offer:
    def __init__(self, plan: Plan) -> None:
        self.told = Told()
        self._plan = plan
        self._host = urlsplit(plan.url)
        self._free: list[_Connection] = []
        self._waiting: dict[_Connection, None] = {}  # in the order of their sending
        self._connections = 0
        self._from = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> Told:
        plan = self._plan
        gaps, asked = random.Random(plan.seed), bodies(plan.kind, plan.seed)
        began, cpu = time.perf_counter(), time.process_time()
        due, until = began, began + plan.settle + plan.seconds
        self._from = began + plan.settle
        number = 0
        while (now := time.perf_counter()) < until:
            self._give_up(now)
            while due <= now:
                try:
                    body, new = next(asked)
                except StopIteration:
                    until = now
                    break
                client = b"%b.%d" % (plan.net.encode(), number % plan.clients + 1)
                request = _HEAD % (self._host.netloc.encode(), client, len(body), body)
                self._send(request, due, new)
                due += gaps.expovariate(plan.rate)
                number += 1
            await asyncio.sleep(_TICK)
        self.told.core = (time.process_time() - cpu) / (time.perf_counter() - began)
        while self._waiting and time.perf_counter() < until + plan.patience:
            self._give_up(time.perf_counter())
            await asyncio.sleep(_TICK)
        self._give_up(float("inf"))
        for connection in self._free:
            connection.transport.abort()
        for task in list(self._tasks):
            task.cancel()
        return self.told

    def _counts(self, due: float) -> bool:
        return due >= self._from

    def _send(self, request: bytes, due: float, new: bool) -> None:
        self.told.sent += self._counts(due)
        if self._free:
            connection = self._free.pop()
            self._waiting[connection] = None
            connection.ask(request, due, new)
        elif self._connections < self._plan.connections:
            self._connections += 1
            task = asyncio.get_running_loop().create_task(self._open(request, due, new))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            self.told.sent -= self._counts(due)
            self.told.unsent += self._counts(due)

    async def _open(self, request: bytes, due: float, new: bool) -> None:
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: _Connection(self), self._host.hostname, self._host.port
            )
        except OSError:
            self._connections -= 1
            self.told.broken += self._counts(due)
            return
        self._waiting[connection] = None
        connection.ask(request, due, new)

    def answered(self, connection: _Connection, data: bytes, end: int) -> None:
        """`data` is a whole answer whose head ends at `end`."""
        self._waiting.pop(connection, None)
        self._free.append(connection)
        due, connection.due = connection.due, 0.0
        if not self._counts(due):
            return
        told, status = self.told, int(data[9:12])
        told.statuses[status] += 1
        told.rejected += data.find(b"detail=bloom", 0, end) >= 0
        if status == 200:
            told.good += 1
            told.ms["miss" if connection.new else "hit"].append((time.perf_counter() - due) * 1000)

    def lost(self, connection: _Connection) -> None:
        """The connection is gone, by us or by them."""
        self._connections -= 1
        if connection in self._free:
            self._free.remove(connection)
        if self._waiting.pop(connection, self) is None:
            self.told.broken += self._counts(connection.due)

    def _give_up(self, now: float) -> None:
        for connection in list(self._waiting):
            if now - connection.due < self._plan.patience:
                break
            del self._waiting[connection]
            self.told.late += self._counts(connection.due)
            connection.transport.abort()


def start(plan: Plan) -> "subprocess.Popen[str]":
    """The client as a process of its own, on the load generator's core."""
    process = subprocess.Popen(
        ["taskset", "-c", str(LOAD_CORE), sys.executable, "-m", "bench.offering"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1],
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(json.dumps(asdict(plan)))
    process.stdin.close()
    process.stdin = None
    return process


def result(process: "subprocess.Popen[str]") -> Told:
    """What came of it, once it has ended; SystemExit where it failed."""
    out, _ = process.communicate(timeout=180)
    if process.returncode:
        sys.exit("bench: a client failed")
    told = json.loads(out)
    return Told(**told | {"statuses": Counter({int(status): count for status, count in told["statuses"].items()})})


def _say(told: Told) -> None:
    """A thousand times of each kind are as good as all, and do not fill a pipe."""
    told.ms = {kind: [round(ms, 2) for ms in sorted(all)[:: len(all) // 1000 + 1]] for kind, all in told.ms.items()}
    print(json.dumps(vars(told)))


if __name__ == "__main__":
    _say(uvloop.run(_Offer(Plan(**json.load(sys.stdin))).run()))
