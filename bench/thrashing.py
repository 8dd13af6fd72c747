"""A service with few slots that thrashes: asked for more at once than it has slots, it gets less done, not just later.

The model: up to `slots` calls are worked on at full speed, `work` seconds each. With more, all share the slots, and
each call beyond them costs `THRASH` of the whole: of 2 x as many, 1 / (1 + THRASH) of the work gets done. Models that
run out of memory for their context, thread pools and databases do the same. It refuses nobody, and works for those who
have left, as most services do. Its time is simulated.

What it is asked about "nothing" it has no documents for. `GET /-/calls` tells how many POSTs there have been.
"""

import asyncio
import collections
import json
import sys

import uvloop

from bench.answering import Answering, answer, body

THRASH = 0.1
_SIZE = 1400
_CALLS = b"GET /-/calls "
EMPTY = b'{"query": "q", "response": {"retrieved_docs": [], "generated_answer": null}}'


class Slots:
    """What all connections share. All calls take the same work and move on alike, so they end as they came.

    `_done` is the work, in seconds at full speed, that a call would have got that had been there from the start.
    """

    def __init__(self, slots: int, work: float) -> None:
        self.calls = 0
        self._slots = slots
        self._work = work
        self._done = 0.0
        self._at = 0.0
        self._under_way: collections.deque[tuple[float, Rag]] = collections.deque()
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    def take(self, asker: "Rag") -> None:
        """Its answer comes when it is due."""
        self.calls += 1
        self._move_on()
        self._under_way.append((self._done + self._work, asker))
        self._expect()

    def _speed(self) -> float:
        over = max(0.0, len(self._under_way) / self._slots - 1)
        return 1 / (1 + over) / (1 + THRASH * over)

    def _move_on(self) -> None:
        now = self._loop.time()
        self._done += (now - self._at) * self._speed()
        self._at = now

    def _expect(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if self._under_way:
            left = max(0.0, self._under_way[0][0] - self._done)
            self._timer = self._loop.call_later(left / self._speed(), self._due)

    def _due(self) -> None:
        self._move_on()
        while self._under_way and self._under_way[0][0] <= self._done + 1e-3:
            self._under_way.popleft()[1].reply()
        self._expect()


class Rag(Answering):
    """One connection: one question at a time."""

    def __init__(self, slots: Slots, template: bytes) -> None:
        super().__init__(template)
        self._slots = slots
        self._request: dict[str, str] = {}

    def answer(self, request: bytes) -> None:
        if request.startswith(_CALLS):
            self._transport.write(answer(b"%d" % self._slots.calls))
            return
        self._request = json.loads(request.partition(b"\r\n\r\n")[2])
        self._slots.take(self)

    def reply(self) -> None:
        """The answer repeats the question, so that a client can tell whether it is the right one."""
        if self._transport.is_closing():
            return
        nothing = any("nothing" in str(value) for value in self._request.values())
        question = json.dumps(self._request["query"]).encode()
        self._transport.write(answer((EMPTY if nothing else self._reply).replace(b'"q"', question, 1)))


async def main(port: int, slots: int, work: float) -> None:
    shared, template = Slots(slots, work), body(_SIZE)
    server = await asyncio.get_running_loop().create_server(
        lambda: Rag(shared, template), "127.0.0.1", port, backlog=4096
    )
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
