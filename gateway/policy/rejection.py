"""Rejection: the answer of a route to a question that cannot have one. No I/O."""

from http import HTTPStatus

from gateway.model.entry import Entry, EntryFlag, Windows
from gateway.model.settings.route import RouteSettings
from gateway.policy.conditions import compile_conditions
from gateway.policy.document import Document
from gateway.policy.forms import Form, asked_form, converted
from gateway.policy.template import json_template, text_template

_NO_WINDOWS = Windows(0.0, 0.0)


class Rejection:
    """One route's `empty.answer`, compiled. An answer that was stored for somebody else is never used for it."""

    __slots__ = ("_answer", "_asks_stream", "_both", "_fill", "_is_stream", "_limit", "_name", "_tells_streams")

    def __init__(self, route: RouteSettings) -> None:
        self._answer = answer = route.empty.answer
        self._name, self._limit = route.name, route.cache.max_body
        self._both = route.stream.both_forms
        self._tells_streams = bool(route.stream.when)
        self._asks_stream = compile_conditions(route.stream.when)
        self._is_stream = answer is not None and answer.content_type.lower().startswith("text/event-stream")
        if answer is None or answer.body is None:
            self._fill = text_template("")
        elif "json" in answer.content_type.lower():
            self._fill = json_template(answer.body)
        else:
            self._fill = text_template(str(answer.body))

    def entry(self, document: Document, now: float) -> Entry | None:
        """As if it were stored, and of age 0 at `now`. None where no answer is stated in the form that is asked for."""
        answer = self._answer
        if answer is None:
            return None
        entry = Entry.of(
            answer.status,
            _phrase(answer.status),
            ((b"Content-Type", answer.content_type.encode()),),
            self._fill(document.value),
            coding=b"",
            route=self._name,
            fresh_until=now,
            fresh_for=0.0,
            stale=_NO_WINDOWS,
            flags=EntryFlag.EMPTY | (EntryFlag.STREAM if self._is_stream else EntryFlag.NONE),
        )
        return self._in_form(entry, document)

    def _in_form(self, entry: Entry, document: Document) -> Entry | None:
        """A client that reads events must not be given a plain answer, nor the other way round."""
        if self._both and not self._is_stream:
            want = asked_form(document.value) if document.is_json else Form.PLAIN
            if want is Form.PLAIN:
                return entry
            return None if want is None else converted(entry, want, self._limit)
        if self._tells_streams and self._is_stream != (document.is_json and self._asks_stream(document.value)):
            return None
        return entry


def _phrase(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b""
