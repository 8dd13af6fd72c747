"""A server that answers everything with the same JSON: the upstream of the benchmarks, and their floor."""

import asyncio
import json
import random
import re
import sys

import uvloop

TEXT = (
    "The with statement wraps the execution of a block with methods defined by a context manager. The context "
    "expression is evaluated to obtain a context manager, whose enter method is called; what it returns is assigned "
    "to the target after as. Once the block has ended, by an exception or not, the exit method is called. "
)


def body(size: int) -> bytes:
    """A RAG answer of `size` bytes; in no order that repeats, for tiers that compress."""
    document = {"id": "language/with/1", "title": "The with statement", "score": 12.8, "text": ""}
    shape = {"query": "q", "response": {"retrieved_docs": [document], "generated_answer": "It wraps a block."}}
    wanted = max(0, size - len(json.dumps(shape)))
    words = random.Random(1).choices(TEXT.split(), k=wanted)
    document["text"] = " ".join(words)[:wanted]
    return json.dumps(shape).encode()


def answer(body: bytes) -> bytes:
    """The whole answer around a body."""
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Answering(asyncio.Protocol):
    """Answers each request once it is whole; no chunked ones, no pipelining."""

    _held = b""

    def __init__(self, reply: bytes) -> None:
        self._reply = reply

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        data = self._held + data if self._held else data
        end = data.find(b"\r\n\r\n")
        length = LENGTH.search(data, 0, max(end, 0))
        if end < 0 or len(data) < end + 4 + (int(length[1]) if length else 0):
            self._held = data
            return
        self._held = b""
        self.answer(data)

    def answer(self, request: bytes) -> None:
        """`request` is whole."""
        self._transport.write(self._reply)


async def main(port: int, size: int) -> None:
    reply = answer(body(size))
    server = await asyncio.get_running_loop().create_server(lambda: Answering(reply), "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))
