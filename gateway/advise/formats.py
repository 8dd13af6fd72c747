"""Formats: a line of a log -> the question that it tells of: ragfront's access log, nginx's combined, JSON lines."""

import re
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from gateway.model.outcome import Outcome, Reason
from gateway.policy.pointer import Pointer, compile_pointer


class Place(NamedTuple):
    """Where a question was asked; empty where the log does not say so."""

    route: str = ""
    method: str = ""
    path: str = ""


class Question(NamedTuple):
    """key: a hash of 64 bits of what was asked. time: Unix seconds. size: bytes of the answer, or -1 where not known.

    kept: whether such an answer is stored. seconds: what the upstream took for it, or -1.
    """

    key: int
    time: float
    size: int
    kept: bool
    seconds: float
    place: Place


Reader = Callable[[bytes], Question | None]
"""A line -> its question, or None where it tells of something else. ValueError (or Key-, TypeError): it is none."""


class Format(StrEnum):
    """Which one; auto: told by the first lines."""

    AUTO = "auto"
    RAGFRONT = "ragfront"
    NGINX = "nginx"
    JSONL = "jsonl"


NOWHERE = Place()
TIMES = ("/time", "/timestamp", "/ts", "/@timestamp")
QUESTIONS = ("/question", "/query", "/prompt", "/input", "/body")
_SIZES = ("/bytes", "/size")
_MILLISECONDS = 1e11  # a time of more than this is none in seconds: that would be the year 5138
_PATH = 200
_PASSED = frozenset({Outcome.REJECTED, Outcome.BYPASS})
_NOT_KEPT = frozenset({
    Reason.DUPLICATE_MEMBERS, Reason.STATUS, Reason.NO_STORE, Reason.PRIVATE, Reason.SET_COOKIE, Reason.VARY_STAR,
    Reason.PARTIAL_CONTENT, Reason.ANSWER_TOO_LARGE, Reason.TRUNCATED, Reason.STREAM, Reason.STREAM_FAILED,
    Reason.STORE_UNLESS, Reason.NOT_FRESH, Reason.TRAILERS,
})  # fmt: skip
_COMBINED = re.compile(rb'\S+ \S+ [^\[]*\[([^\]]{20,40})\] "([A-Z]+) (\S+)[^"]*" (\d{3}) (\d+|-)')


def ragfront(line: bytes) -> Question | None:
    """Of the gateway's access log; what is not looked up is no question, but for what is only looked on (shadow)."""
    record = orjson.loads(line)
    key, outcome, reason = record["key"], record["outcome"], record["reason"]
    if key is None or (outcome in _PASSED and reason != Reason.SHADOW):
        return None
    milliseconds = record["upstream_ms"]
    return Question(
        int(key, 16),
        datetime.fromisoformat(record["time"]).timestamp(),
        int(record["bytes"]),
        record["status"] == 200 and reason not in _NOT_KEPT,
        milliseconds / 1000 if milliseconds else -1,
        Place(record["route"] or "", record["method"], record["path"][:_PATH]),
    )


def nginx() -> Reader:
    """Of nginx's combined format: requests by GET; of others it does not say what they asked."""
    last, seconds = b"", 0.0

    def read(line: bytes) -> Question | None:
        nonlocal last, seconds
        match = _COMBINED.match(line)
        if match is None:
            raise ValueError("not in the combined format")
        stamp, method, target, status, sent = match.groups()
        if method != b"GET":
            return None
        if stamp != last:
            last, seconds = stamp, datetime.strptime(stamp.decode(), "%d/%b/%Y:%H:%M:%S %z").timestamp()
        path = target.partition(b"?")[0].decode("ascii", "backslashreplace")[:_PATH]
        size = int(sent) if sent != b"-" else 0
        return Question(hashed(target), seconds, size, status == b"200", -1, Place("", "GET", path))

    return read


def jsonl(time: str | None, question: str | None, first: dict[str, Any]) -> Reader | None:
    """Of JSON lines. time, question: where those stand; None: wherever they do in the first. None: in none of those.

    A pointer may lead into JSON that is a text in the line, as nginx writes a request's body.
    """
    times = [compile_pointer(text) for text in ([time] if time else TIMES)]
    questions = [compile_pointer(text) for text in ([question] if question else QUESTIONS)]
    at = next((pointer for pointer in times if pointer.find(first)), None)
    opened = _opened(first)
    asked = next((pointer for pointer in questions if pointer.find(opened)), None)
    sized = next((pointer for pointer in map(compile_pointer, _SIZES) if pointer.find(first)), None)
    if at is None or asked is None:
        return None
    return _jsonl(at, asked, sized, within=not asked.find(first))


def _opened(record: dict[str, Any]) -> dict[str, Any]:
    """With what members hold as a text of JSON."""
    return {name: _read(value) if isinstance(value, str) else value for name, value in record.items()}


def _read(text: str) -> Any:
    if text[:1] not in ("{", "["):
        return text
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _jsonl(at: Pointer, asked: Pointer, sized: Pointer | None, *, within: bool) -> Reader:
    def read(line: bytes) -> Question | None:
        record = orjson.loads(line)
        whens, whats = at.find(record), asked.find(_opened(record) if within else record)
        if not whens:
            raise ValueError("no time")
        what = whats[0] if len(whats) == 1 else whats
        if what is None or what in ("", "-", []):
            return None
        sizes = sized.find(record) if sized is not None else None
        took = record.get("upstream_ms")
        return Question(
            hashed(_canonical(what)),
            seconds_of(whens[0]),
            int(sizes[0]) if sizes else -1,
            int(record.get("status", 200)) == 200,
            float(took) / 1000 if took else -1,
            NOWHERE,
        )

    return read


def seconds_of(value: Any) -> float:
    """Unix seconds or milliseconds, or ISO 8601 -> Unix seconds. ValueError where it is neither."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return datetime.fromisoformat(value).timestamp()
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e15:
        raise ValueError("not a time")
    return value / 1000 if value > _MILLISECONDS else float(value)


def _canonical(what: Any) -> bytes:
    """What was asked, as bytes: a text as it is, JSON (also as a text) without what does not matter."""
    if isinstance(what, str):
        what = _read(what)
        if isinstance(what, str):
            return what.encode("utf-8", "surrogatepass")
    canonical: bytes = orjson.dumps(what, option=orjson.OPT_SORT_KEYS)
    return canonical


def hashed(data: bytes) -> int:
    """64 bits, spread evenly."""
    return int.from_bytes(blake2b(data, digest_size=8).digest())
