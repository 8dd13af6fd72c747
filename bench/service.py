"""A slow service: answers after a delay, streams events where `"stream": true` is asked, and counts its calls.

A request about `"inputs"`, the last of its members, gets an answer of as many parts.

`GET /-/calls` tells how many there have been, and is none.
"""

import asyncio
import select
import selectors
import sys

from bench.answering import Answering, answer, body

EVENTS = 5
_CALLS = b"GET /-/calls "
_STREAM = b'"stream": true'
_ITEMS = b'"inputs":'
_STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def _parts(request: bytes) -> bytes:
    """An answer to `"inputs"`, an item or a list of them: a part for each."""
    items = request.partition(_ITEMS)[2].count(b'"') // 2
    return answer(b"[" + b",".join([b"[0.5, 0.25, 0.125]"] * items) + b"]")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class Service(Answering):
    """One connection. delay: seconds until an answer, or from a stream's head to its end. event: bytes of its text."""

    calls = 0

    def __init__(self, reply: bytes, delay: float, event: int) -> None:
        super().__init__(reply)
        self._delay = delay
        self._text = b"word ".ljust(event, b".")
        self._loop = asyncio.get_running_loop()

    def answer(self, request: bytes) -> None:
        """`request` is whole."""
        if request.startswith(_CALLS):
            self._transport.write(answer(b"%d" % Service.calls))
            return
        Service.calls += 1
        if _STREAM in request:
            self._transport.write(_STREAM_HEAD)
            self._event(1)
            return
        reply = _parts(request) if _ITEMS in request else self._reply
        if self._delay:
            self._loop.call_later(self._delay, self._transport.write, reply)
        else:
            self._transport.write(reply)

    def _event(self, number: int) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(_chunk(b'data: {"token": "%b%d"}\n\n' % (self._text, number)))
        if number < EVENTS:
            self._loop.call_later(self._delay / EVENTS, self._event, number + 1)
        else:
            self._transport.write(_chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")


async def main(port: int, size: int, delay: float, event: int) -> None:
    reply, loop = answer(body(size)), asyncio.get_running_loop()
    make = loop.create_server(lambda: Service(reply, delay, event), "127.0.0.1", port, backlog=4096)
    async with await make as server:
        await server.serve_forever()


class _Exact(selectors.EpollSelector):
    """Timers good to some microseconds: epoll's own tick in milliseconds, and uvloop's do.

    Ticks would hide what a proxy adds: a request that comes within one is answered at its end all the same.
    select() does the waiting, on epoll's descriptor alone: it cannot wait for descriptors beyond 1,024 itself, and
    that many there are when several proxies keep their idle connections.
    """

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout > 0:
            select.select([self.fileno()], [], [], timeout)
        return super().select(0)


def _exact_loop() -> asyncio.AbstractEventLoop:
    return asyncio.SelectorEventLoop(_Exact())


if __name__ == "__main__":
    arguments = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
    exact = len(sys.argv) > 5
    with asyncio.Runner(loop_factory=_exact_loop if exact else None) as runner:
        runner.run(main(*arguments))
