"""Gist: what an answer says, apart from what differs from call to call. No I/O.

Where the route tells where documents and answers stand (`shape`), nothing else counts: ids, times and token counts
are of the call. Where it does not, everything counts but what the route leaves out (`drift.ignore`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from gateway.model.entry import Entry
from gateway.model.fields import Fields
from gateway.model.settings.route import RouteSettings
from gateway.policy.coding import decode
from gateway.policy.document import dump, parse
from gateway.policy.documents import Documents
from gateway.policy.events import Event, reader
from gateway.policy.pointer import REMOVE, Pointer, compile_pointer
from gateway.policy.streaming import Framing, framing_of

_EXPANDS = 8  # times max_body: a body that expands to more is compared as it came


@dataclass(frozen=True, slots=True)
class Gist:
    """documents: what tells them apart; the answer's surrogate keys where the route does not say where they stand.
    text: the generated answer; None where the route does not say where it stands. rest: a hash of what else counts.
    """

    status: int
    documents: frozenset[str]
    text: str | None = None
    rest: bytes = b""


class Reader:
    """Reads one route's answers, compiled."""

    __slots__ = ("_answer", "_delta", "_documents", "_event_documents", "_framing", "_ignore", "_limit")

    def __init__(self, route: RouteSettings) -> None:
        shape = route.shape
        self._answer = _pointer(shape.answer)
        self._delta = _pointer(shape.delta)
        self._documents = _documents(shape.documents)
        self._event_documents = _documents(shape.event_documents)
        self._ignore = [compile_pointer(text) for text in route.drift.ignore]
        self._framing = route.stream.framing
        self._limit = _EXPANDS * route.cache.max_body

    def gist(self, entry: Entry) -> Gist:
        """What an entry says, whatever its body is."""
        fields = Fields(entry.fields)
        body = decode(entry.body, entry.coding, self._limit) if entry.coding else entry.body
        if body is None:
            return Gist(entry.status, frozenset(entry.tags), rest=sha256(entry.body).digest())
        framing = framing_of(fields, self._framing)
        if framing not in (Framing.NONE, Framing.UNREADABLE):
            return self._stream(entry, framing, body)
        document = parse(body)
        if document.is_json:
            return self._json(entry, document.value)
        if (fields.get(b"content-type") or b"").lower().startswith(b"text/"):
            return Gist(entry.status, frozenset(entry.tags), body.decode("utf-8", "replace"))
        return Gist(entry.status, frozenset(entry.tags), rest=sha256(body).digest())

    def _json(self, entry: Entry, value: Any) -> Gist:
        text = None if self._answer is None else "\n".join(map(_text, self._answer.find(value)))
        if self._documents is None:
            rest = self._rest([(b"", value)]) if text is None else b""
            return Gist(entry.status, frozenset(entry.tags), text, rest)
        return Gist(entry.status, _identities(self._documents, [value]), text)

    def _stream(self, entry: Entry, framing: Framing, body: bytes) -> Gist:
        events = [(event.name, _value(event.data)) for event in _events(framing, self._limit, body)]
        values = [value for _, value in events]
        delta = self._delta
        text = None if delta is None else "".join(_text(found) for value in values for found in delta.find(value))
        if self._event_documents is None:
            rest = self._rest(events) if text is None else b""
            return Gist(entry.status, frozenset(entry.tags), text, rest)
        return Gist(entry.status, _identities(self._event_documents, values), text)

    def _rest(self, parts: Iterable[tuple[bytes, Any]]) -> bytes:
        """A hash of all that is not ignored; each part delimits itself."""
        found = sha256()
        for name, value in parts:
            for pointer in self._ignore:
                value = pointer.change(value, lambda _: REMOVE)
            found.update(b"%d %b%b\n" % (len(name), name, dump(value)))
        return found.digest()


def _pointer(text: str | None) -> Pointer | None:
    return None if text is None else compile_pointer(text)


def _documents(at: str | None) -> Documents | None:
    return None if at is None else Documents(at)


def _identities(documents: Documents, values: Iterable[Any]) -> frozenset[str]:
    return frozenset(documents.identity(found) for value in values for found in documents.find(value))


def _events(framing: Framing, limit: int, body: bytes) -> list[Event]:
    read = reader(framing.value, limit)
    return [*read.feed(body), *read.close()]


def _value(data: bytes) -> Any:
    """An event's data as JSON, else as text."""
    document = parse(data)
    return document.value if document.is_json else data.decode("utf-8", "replace")


def _text(found: Any) -> str:
    if found is None:
        return ""
    return found if isinstance(found, str) else dump(found).decode()
