"""A service behind a rig that says what a test has it say, one answer after the other."""

import asyncio
from collections.abc import Callable
from typing import Any

from tests.support.upstream import Asked, Wire

HTTP: dict[str, Any] = {"name": "rag", "match": {}, "cache": {"rules": "http"}}
"""A route that takes everything, and follows RFC 9111."""

RESET = b""
"""An answer that is none: the connection is broken off."""

Said = bytes | Callable[[Asked], bytes]


def answer(*lines: bytes, body: bytes = b"one", status: bytes = b"200 OK") -> bytes:
    """An answer as it goes over the wire. lines: its fields, but for Content-Length."""
    length = () if status.startswith(b"304") else (b"Content-Length: %d" % len(body),)
    head = b"".join(line + b"\r\n" for line in (b"HTTP/1.1 " + status, *lines, *length))
    return head + b"\r\n" + (body if length else b"")


def validating(*lines: bytes, tag: bytes = b'"v1"', body: bytes = b"one") -> Callable[[Asked], bytes]:
    """A resource that has an entity tag, and says 304 to whoever names it."""
    tagged = (*lines, b"ETag: " + tag)

    def said(asked: Asked) -> bytes:
        if tag.removeprefix(b"W/") in (asked.get(b"if-none-match") or b""):
            return answer(*tagged, status=b"304 Not Modified")
        return answer(*tagged, body=body)

    return said


class Says:
    """One answer after the other; the last one for good. gate: answers wait until it is set."""

    def __init__(self, *answers: Said) -> None:
        self.answers = list(answers)
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, asked: Asked, wire: Wire) -> None:
        said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        raw = said if isinstance(said, bytes) else said(asked)
        await self.gate.wait()
        if raw == RESET:
            wire.reset()
        elif asked.line.startswith(b"HEAD "):
            await wire.send(raw[: raw.index(b"\r\n\r\n") + 4])
        else:
            await wire.send(raw)
