"""Streaming: is an answer a stream, is it whole, has it failed, and what do its events say? No I/O, no clock.

Complete means a clean end of the body and the route's terminal event: a stream may be cut off cleanly as HTTP goes,
and one that has failed says so in an event, under a status of 200 (design: what follows from real services, 1 and 2).
"""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

import orjson

from gateway.model.exchange import Request
from gateway.model.fields import Fields
from gateway.model.settings.base import Condition
from gateway.model.settings.route import RouteSettings
from gateway.model.settings.stream import EventCondition
from gateway.policy.conditions import compile_conditions
from gateway.policy.document import Document
from gateway.policy.documents import Documents
from gateway.policy.events import Event, reader
from gateway.policy.forms import Form, asked_form
from gateway.policy.pointer import Pointer, compile_pointer
from gateway.policy.tags import MOST_TAGS, texts


class Framing(Enum):
    """How the events of an answer are told apart."""

    NONE = ""  # it is no stream of events
    UNREADABLE = "unreadable"  # it is one, and nobody here can tell its events apart
    SSE = "sse"
    NDJSON = "ndjson"
    DATA_STREAM = "data-stream"


# What a Content-Type says of the framing.
_FRAMINGS = {
    b"text/event-stream": Framing.SSE,
    b"application/x-ndjson": Framing.NDJSON,
    b"application/ndjson": Framing.NDJSON,
    b"application/jsonl": Framing.NDJSON,
    b"application/x-jsonlines": Framing.NDJSON,
    b"application/json-lines": Framing.NDJSON,
    b"application/stream+json": Framing.NDJSON,
    b"application/json-seq": Framing.UNREADABLE,
    b"application/vnd.amazon.eventstream": Framing.UNREADABLE,
    b"multipart/x-mixed-replace": Framing.UNREADABLE,
    b"application/grpc": Framing.UNREADABLE,
}
# AI SDK streams come as text/plain, or without any type.
_DATA_STREAM = b"x-vercel-ai-data-stream"
_UI_STREAM = b"x-vercel-ai-ui-message-stream"

_ON_JSON = {"pointer", "is_", "is_not", "in_", "exists", "matches"}
_NOT_JSON: Any = object()

Test = Callable[[Any], bool]


class Streaming:
    """One route's reading of streams, compiled."""

    __slots__ = (
        "_both", "_ending", "_tells", "_when", "delta", "documents", "empty", "failed", "framing", "limit",
        "reads_json", "tags", "terminal", "unless",
    )  # fmt: skip

    def __init__(self, route: RouteSettings) -> None:
        self.framing = route.stream.framing
        self.limit = route.cache.max_body
        self.terminal = tuple(map(_Sign, route.stream.terminal))
        self.failed = tuple(map(_Sign, route.stream.error))
        self.unless = _any_of(route.cache.store_unless)
        self.empty = _any_of(route.empty.when)
        self.tags = route.tags
        self._tells = bool(route.stream.when or route.stream.ending)
        self._both = route.stream.both_forms
        self._when = compile_conditions(route.stream.when)
        self._ending = (route.stream.ending or "").encode()
        # Whoever is to get documents instead of an answer must not have heard its beginning.
        shown = "docs" in route.degrade.ladder and route.shape.event_documents is not None
        self.documents = Documents(route.shape.event_documents if shown else None)
        self.delta = compile_pointer(route.shape.delta) if shown and route.shape.delta is not None else None
        conditions = self.unless is not None or self.empty is not None
        signs = any(sign.test is not None for sign in (*self.terminal, *self.failed))
        self.reads_json = conditions or signs or bool(self.tags) or shown

    def asked(self, request: Request, document: Document) -> bool | None:
        """Whether a request asks for a stream; None where the route does not tell how one does."""
        if self._both and not self._tells:
            form = asked_form(document.value) if document.is_json else Form.PLAIN
            return form is not Form.PLAIN
        if not self._tells:
            return None
        return (document.is_json and self._when(document.value)) or (
            bool(self._ending) and request.path.endswith(self._ending)
        )

    def watch(self, fields: Fields) -> "Watch | None":
        """Who looks at the events of an answer with this head; None where it is no stream of events."""
        framing = framing_of(fields, self.framing)
        if framing is Framing.NONE:
            return None
        coded = (fields.joined(b"content-encoding") or b"identity").strip().lower() != b"identity"
        return Watch(self, Framing.UNREADABLE if coded else framing)


class Watch:
    """Looks on while a stream comes in.

    began: its first event is whole. usable: there was a piece of the answer, and not only documents. terminal: its last
    event was there. failed: an event said that the service has failed. unless, empty: conditions on answers that held
    for the data of an event. tags: of all events' data. documents: those of the first event that had some.
    readable: whether anything of this can be told.
    """

    __slots__ = (
        "_reader", "_rules", "began", "documents", "empty", "failed", "readable", "tags", "terminal", "unless",
        "usable",
    )  # fmt: skip

    def __init__(self, rules: Streaming, framing: Framing) -> None:
        self._rules = rules
        self.readable = framing is not Framing.UNREADABLE
        self._reader = reader(framing.value, rules.limit) if self.readable else None
        self.began = self.usable = not self.readable
        self.documents: list[Any] = []
        self.terminal = self.failed = self.unless = self.empty = False
        self.tags: dict[str, None] = {}

    @property
    def whole(self) -> bool:
        """With a clean end of its body, it is complete. A route that names no terminal event relies on that alone."""
        return self.readable and not self.failed and (self.terminal or not self._rules.terminal)

    def feed(self, piece: bytes) -> None:
        """The next bytes."""
        if self._reader is not None:
            for event in self._reader.feed(piece):
                self._see(event)

    def close(self) -> None:
        """The body has ended cleanly."""
        if self._reader is not None:
            for event in self._reader.close():
                self._see(event)
            if self._reader.overflown:
                self.readable = False  # it may have hidden the news of a failure

    def _see(self, event: Event) -> None:
        self.began = True
        rules = self._rules
        value = _value(event.data) if rules.reads_json else _NOT_JSON
        self.terminal = self.terminal or any(sign.shown(event, value) for sign in rules.terminal)
        self.failed = self.failed or any(sign.shown(event, value) for sign in rules.failed)
        self.usable = self.usable or self.terminal or rules.delta is None or _says(rules.delta, value)
        if value is _NOT_JSON:
            return
        self.documents = self.documents or rules.documents.find(value)
        self.unless = self.unless or (rules.unless is not None and rules.unless(value))
        self.empty = self.empty or (rules.empty is not None and rules.empty(value))
        if rules.tags and len(self.tags) <= MOST_TAGS:
            self.tags.update(dict.fromkeys(texts(rules.tags, value)))


def _says(delta: Pointer, value: Any) -> bool:
    """Whether an event's data holds a piece of the answer."""
    return value is not _NOT_JSON and any(found not in (None, "", [], {}) for found in delta.find(value))


def framing_of(fields: Fields, stated: str = "auto") -> Framing:
    """What an answer's head says, and the route: what it states goes for all answers but JSON; `opaque` for none."""
    media_type = (fields.get(b"content-type") or b"").partition(b";")[0].strip(b" \t").lower()
    if stated != "auto":
        plain = stated == "opaque" or media_type in (b"application/json", b"application/problem+json", b"text/html")
        return Framing.NONE if plain else Framing(stated)
    if media_type in _FRAMINGS:
        return _FRAMINGS[media_type]
    if media_type.startswith(b"application/grpc+"):
        return Framing.UNREADABLE
    if _DATA_STREAM in fields:
        return Framing.DATA_STREAM
    return Framing.SSE if _UI_STREAM in fields else Framing.NONE


class _Sign:
    """One EventCondition, compiled."""

    __slots__ = ("_data", "_name", "test")

    def __init__(self, condition: EventCondition) -> None:
        self._name = None if condition.event is None else condition.event.encode()
        self._data = None if condition.data is None else condition.data.encode()
        self.test = compile_conditions((condition,)) if condition.model_fields_set & _ON_JSON else None

    def shown(self, event: Event, value: Any) -> bool:
        """Whether all that is stated holds. value: the event's data as JSON, or _NOT_JSON."""
        if self._name is not None and event.name != self._name:
            return False
        if self._data is not None and event.data.strip() != self._data:
            return False
        return self.test is None or (value is not _NOT_JSON and self.test(value))


def _any_of(conditions: Sequence[Condition]) -> Test | None:
    return compile_conditions(conditions) if conditions else None


def _value(data: bytes) -> Any:
    """The data as JSON. Numbers as orjson reads them: an event's are not looked at to the last of 20 digits."""
    try:
        return orjson.loads(data)
    except ValueError:
        return _NOT_JSON
