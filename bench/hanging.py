"""A RAG service whose search works and whose model hangs, when it is told to.

`GET /-/hang` and `GET /-/well` switch it. A stream begins with its documents, whether its model hangs or not.
"""

import asyncio
import sys

from bench.answering import Answering, answer, body

SEARCH = 0.02  # seconds that a search takes
HANGS = 20.0  # seconds until a hanging model answers after all
_DOCUMENTS = b'[{"id": "language/with/1", "title": "The with statement", "text": "It wraps a block."}]'
_FOUND = answer(b'{"retrieved_docs": %b}' % _DOCUMENTS)
_STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
_SAID = b'data: {"delta": "It wraps a block."}\n\ndata: [DONE]\n\n'


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class Service(Answering):
    """One connection. search: seconds."""

    hangs = False

    def __init__(self, reply: bytes, search: float) -> None:
        super().__init__(reply)
        self._search = search
        self._loop = asyncio.get_running_loop()

    def answer(self, request: bytes) -> None:
        """`request` is whole."""
        if request.startswith(b"GET /-/"):
            Service.hangs = request.startswith(b"GET /-/hang")
            self._transport.write(answer(b"{}"))
        elif request.startswith(b"POST /retrieve"):
            self._loop.call_later(self._search, self._say, _FOUND)
        elif b'"stream": true' in request:
            self._say(_STREAM_HEAD + _chunk(b'data: {"documents": %b}\n\n' % _DOCUMENTS))
            self._later(_chunk(_SAID) + b"0\r\n\r\n")
        else:
            self._later(self._reply)

    def _later(self, data: bytes) -> None:
        self._loop.call_later(HANGS if Service.hangs else 0.0, self._say, data)

    def _say(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)


async def main(port: int, search: float) -> None:
    reply = answer(body(1400))
    make = asyncio.get_running_loop().create_server(lambda: Service(reply, search), "127.0.0.1", port, backlog=4096)
    async with await make as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
