"""A server that answers everything with the same JSON: the upstream of the benchmarks, and their floor."""

import asyncio
import json
import re
import sys

import uvloop


def answer(size: int) -> bytes:
    """A RAG answer of about `size` bytes."""
    document = {"id": "language/with/1", "title": "The with statement", "score": 12.8, "text": ""}
    shape = {"query": "q", "response": {"retrieved_docs": [document], "generated_answer": "It wraps a block."}}
    document["text"] = "x" * max(0, size - len(json.dumps(shape)))
    body = json.dumps(shape).encode()
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
        self._transport.write(self._reply)


async def main(port: int, size: int) -> None:
    reply = answer(size)
    server = await asyncio.get_running_loop().create_server(lambda: Answering(reply), "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))
