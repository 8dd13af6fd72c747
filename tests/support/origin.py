"""A scripted origin: what it answers for each path, byte for byte, so that it can lie; and a client that reads answers.

    async with Origin() as origin, running(settings(origin.url, HTTP)) as gateway, Client(gateway.port) as client:
        origin.answers("/a", said("200 OK", "Cache-Control: max-age=60"), said("304 Not Modified", body=None))
        first = await ask(client, "GET", "/a")

A path's answers come in their order, and the last one again for whatever is asked after it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from tests.support.gateway import Client
from tests.support.upstream import Asked, ScriptedUpstream, Wire

HTTP: dict[str, Any] = {"name": "http", "match": {"path": "/*"}, "cache": {"rules": "http"}}
"""A route for all that is under RFC 9111."""

CLOSE = b"\0close"
"""Behind an answer's bytes: the connection ends there."""

RESET = b"\0reset"
"""Behind an answer's bytes: the connection breaks there."""

Script = bytes | Callable[[Asked, Wire], Awaitable[None]]


class Clock:
    """A worker's wall clock (`running(settings, clock)`): it stands still until a test has time pass."""

    def __init__(self) -> None:
        self.now = float(round(time.time()))

    def __call__(self) -> float:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += seconds


def date(moment: float) -> str:
    """Unix seconds -> as in Date."""
    return formatdate(moment, usegmt=True)


def said(status: str = "200 OK", *fields: str, body: bytes | None = b"body", length: int | None = None) -> bytes:
    """An answer as it goes on the wire. body: None for an answer that has none. length: a Content-Length that lies."""
    lines = [f"HTTP/1.1 {status}", *fields]
    if body is not None:
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


def chunked(*chunks: bytes, fields: tuple[str, ...] = (), status: str = "200 OK", trailers: bytes = b"") -> bytes:
    """An answer in chunks that comes to its proper end. trailers: lines with their CRLF."""
    head = "\r\n".join([f"HTTP/1.1 {status}", *fields, "Transfer-Encoding: chunked", "", ""]).encode("latin-1")
    return head + b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n" + trailers + b"\r\n"


class Origin(ScriptedUpstream):
    """Answers by path, and remembers what it was asked (`asked`, `requests`)."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self._scripts: dict[bytes, list[Script]] = {}

    def answers(self, path: str, *scripts: Script) -> None:
        """What comes for this path from now on (`*`: for all others).

        A script is bytes, or writes on the wire itself.
        """
        self._scripts[path.encode()] = list(scripts)

    def requests(self, path: str) -> list[Asked]:
        """Those that were made for a path, whatever their method and query."""
        return [asked for asked in self.asked if _path(asked) == path.encode()]

    async def _answer(self, asked: Asked, wire: Wire) -> None:
        otherwise = self._scripts.get(b"*", [said("404 Not Found", "Cache-Control: no-store")])
        scripts = self._scripts.get(_path(asked), otherwise)
        script = scripts.pop(0) if len(scripts) > 1 else scripts[0]
        if not isinstance(script, bytes):
            await script(asked, wire)
            return
        data = script.removesuffix(CLOSE).removesuffix(RESET)
        await wire.send(data)
        if script.endswith(CLOSE):
            wire.close()
        elif script.endswith(RESET):
            wire.reset()


def held(gate: asyncio.Event, answer: bytes) -> Script:
    """An answer that waits for a gate."""

    async def script(_: Asked, wire: Wire) -> None:
        await gate.wait()
        await wire.send(answer)

    return script


@dataclass(frozen=True)
class Answer:
    """What a client got. fields: in order, names as sent. body: without its chunks."""

    status: int
    fields: list[tuple[str, str]]
    body: bytes
    interim: tuple["Answer", ...] = ()

    def all(self, name: str) -> list[str]:
        return [value for each, value in self.fields if each.lower() == name.lower()]

    def get(self, name: str) -> str | None:
        return next(iter(self.all(name)), None)

    @property
    def cache_status(self) -> str:
        return self.get("Cache-Status") or ""

    @property
    def hit(self) -> bool:
        return "; hit" in self.cache_status


async def ask(client: Client, method: str, target: str, *fields: str, body: bytes = b"") -> Answer:
    """One request on this connection, and its answer, with the interim ones before it."""
    lines = [f"{method} {target} HTTP/1.1", *fields]
    if not any(each.lower().startswith("host:") for each in fields):
        lines.insert(1, "Host: gw")
    if body:
        lines.append(f"Content-Length: {len(body)}")
    await client.send("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
    interim = []
    while True:
        answer = _read(*await client.answer(method.encode()))
        if answer.status >= 200 or answer.status == 101:
            return Answer(answer.status, answer.fields, answer.body, tuple(interim))
        interim.append(answer)


def _read(head: bytes, raw: bytes) -> Answer:
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines if line)]
    answer = Answer(int(first.split(" ")[1]), pairs, raw)
    if raw and (answer.get("Transfer-Encoding") or "").lower() == "chunked":
        return Answer(answer.status, pairs, _dechunked(raw))
    return answer


def _dechunked(raw: bytes) -> bytes:
    body = b""
    while True:
        size, _, raw = raw.partition(b"\r\n")
        length = int(size.split(b";")[0], 16)
        if not length:
            return body
        body, raw = body + raw[:length], raw[length + 2 :]


def _path(asked: Asked) -> bytes:
    return asked.line.split(b" ")[1].partition(b"?")[0]
