"""The service of the load test: POST /rag {query, top_k} as the demo answers it, with the capacity of an untuned one.

The model: SLOTS answers are made at a time (what four cores hold of retrieval and generation), each takes a time that
is distributed exponentially around MEAN seconds (answers differ in length), further requests queue, and once QUEUE of
them wait, the next one is told 503 at once. So it gives SLOTS / MEAN = 320 answers/s at most. Asked by the load test's
505 users directly, it is full all the time: each waits (SLOTS + QUEUE) / 320 = 1.5 s, with P99 about 1.85 s, and those
who find it full make 8 % of all answers errors. Its time is simulated: an answer costs some 50 us of CPU.

`GET /-/calls` tells how many POSTs there have been, and is none.
"""

import asyncio
import collections
import json
import random
import sys

import uvloop

from bench.answering import Answering, answer, body

SLOTS, MEAN, QUEUE = 32, 0.1, 459
_SIZE = 1400
_CALLS = b"GET /-/calls "
_FULL = b'{"error": "too many requests wait"}'
_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
    len(_FULL),
    _FULL,
)


class Slots:
    """What all connections share. calls: POSTs so far, those told 503 included."""

    def __init__(self) -> None:
        self.calls = 0
        self._free = SLOTS
        self._waiting: collections.deque[Rag] = collections.deque()
        self._draw = random.Random(1)
        self._loop = asyncio.get_running_loop()

    def take(self, asker: "Rag") -> bool:
        """False: full."""
        self.calls += 1
        if self._free:
            self._free -= 1
            self._work(asker)
        elif len(self._waiting) < QUEUE:
            self._waiting.append(asker)
        else:
            return False
        return True

    def _work(self, asker: "Rag") -> None:
        self._loop.call_later(self._draw.expovariate(1 / MEAN), self._done, asker)

    def _done(self, asker: "Rag") -> None:
        asker.reply()
        if self._waiting:
            self._work(self._waiting.popleft())
        else:
            self._free += 1


class Rag(Answering):
    """One connection: one question at a time. Who leaves is worked for all the same."""

    def __init__(self, slots: Slots, template: bytes) -> None:
        super().__init__(template)
        self._slots = slots
        self._question = b""

    def answer(self, request: bytes) -> None:
        if request.startswith(_CALLS):
            self._transport.write(answer(b"%d" % self._slots.calls))
            return
        self._question = json.dumps(json.loads(request.partition(b"\r\n\r\n")[2])["query"]).encode()
        if not self._slots.take(self):
            self._transport.write(_BUSY)

    def reply(self) -> None:
        """The answer repeats the question, so that a client can tell whether it is the right one."""
        self._transport.write(answer(self._reply.replace(b'"q"', self._question, 1)))


async def main(port: int) -> None:
    slots, template = Slots(), body(_SIZE)
    server = await asyncio.get_running_loop().create_server(
        lambda: Rag(slots, template), "127.0.0.1", port, backlog=4096
    )
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
