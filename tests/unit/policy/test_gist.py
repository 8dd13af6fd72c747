"""Gist: what counts of an answer, and what does not."""

import gzip
import json
from typing import Any

import pytest

from gateway.model.fields import Pairs
from gateway.policy.gist import Gist, Reader
from tests.support.policy import entry, route

SHAPE = {"answer": "/answer", "documents": "/docs", "delta": "/delta", "event_documents": "/docs"}
ANSWER = {"answer": "it is so", "docs": [{"id": 1, "score": 0.5}, {"id": 2, "score": 0.1}], "took": 3}
SSE: Pairs = ((b"Content-Type", b"text/event-stream"),)
NDJSON: Pairs = ((b"Content-Type", b"application/x-ndjson"),)
TEXT: Pairs = ((b"Content-Type", b"text/plain; charset=utf-8"),)


def gist(body: Any, fields: Pairs = (), *, settings: dict[str, Any] | None = None, **more: Any) -> Gist:
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reader(route(**({"shape": SHAPE} if settings is None else settings))).gist(
        entry(body=body, fields=fields, **more)
    )


def sse(*values: Any) -> bytes:
    return b"".join(b"data: %b\n\n" % (v if isinstance(v, bytes) else json.dumps(v).encode()) for v in values)


def test_where_the_shape_is_known_only_it_counts():
    assert gist(ANSWER) == Gist(200, frozenset({"id 1", "id 2"}), "it is so")
    other = {"took": 4, "docs": [{"id": 2, "score": 0.4}, {"id": 1, "score": 0.2}], "answer": "it is so"}
    assert gist(other) == gist(ANSWER)
    assert gist(ANSWER | {"docs": []}).documents == frozenset()
    assert gist({}) == Gist(200, frozenset(), "")


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 300 + b"]" * 300, b"", b"null"])
@pytest.mark.parametrize("fields", [(), SSE, NDJSON, TEXT])
@pytest.mark.parametrize("settings", [{"shape": SHAPE}, {"drift": {"ignore": ["/id", "/*/x"]}}], ids=str)
def test_a_body_of_any_kind_has_a_gist(body, fields, settings):
    assert gist(body, fields, settings=settings) == gist(body, fields, settings=settings)


def test_without_a_shape_all_counts_but_what_is_ignored():
    plain: dict[str, Any] = {"drift": {"ignore": ["/id", "/parts/*/at"]}}
    one = gist({"id": 1, "a": 2, "parts": [{"at": 1}]}, settings=plain)
    assert one == gist(b'{ "parts":[{"at":2}], "a":2.0, "id":7 }', settings=plain)
    assert one != gist({"id": 1, "a": 3, "parts": [{"at": 1}]}, settings=plain)
    assert one != gist({"id": 1, "a": 2, "parts": [{"at": 1}], "b": 0}, settings=plain)


def test_tags_stand_in_for_documents_where_no_place_is_known():
    assert gist({}, settings={}, tags=("doc:1",)).documents == frozenset({"doc:1"})
    assert gist({}, tags=("doc:1",)).documents == frozenset()


def test_text_in_plain_answers_is_text_and_in_others_bytes():
    assert gist(b"so it is", TEXT, settings={}).text == "so it is"
    assert gist(b"so it is", ((b"Content-Type", b"image/png"),), settings={}).text is None


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        (SSE, sse({"docs": [{"id": 1}]}, {"delta": "so "}, {"delta": None, "id": 7}, {"delta": "it is"}, b"[DONE]")),
        (NDJSON, b'{"docs": [{"id": 1}]}\n{"delta": "so it"}\n{"delta": " is", "at": 9}'),
    ],
)
def test_a_stream_says_what_its_deltas_say_together(fields, body):
    assert gist(body, fields) == Gist(200, frozenset({"id 1"}), "so it is")


def test_chat_says_the_same_in_other_pieces():
    settings = {"shape": {"delta": "/choices/0/delta/content"}}

    def chat(*pieces: str) -> Gist:
        chunks = [{"id": pieces[0], "choices": [{"delta": {"content": piece}}]} for piece in pieces]
        return gist(sse(*chunks, b"[DONE]"), SSE, settings=settings)

    assert chat("so it", " is") == chat("so", " ", "it is")
    assert chat("so it is").text == "so it is"


def test_of_a_stream_without_a_shape_each_event_counts():
    settings: dict[str, Any] = {"drift": {"ignore": ["/id"]}}
    one = gist(sse({"id": 1, "a": 1}, {"a": 2}), SSE, settings=settings)
    assert one == gist(sse({"a": 1, "id": 2}, {"a": 2}), SSE, settings=settings)
    assert one != gist(sse({"a": 1}, {"a": 3}), SSE, settings=settings)
    assert one != gist(sse({"a": 1}, {"a": 2}, b"[DONE]"), SSE, settings=settings)


def test_coded_answers_are_read():
    body = gzip.compress(json.dumps(ANSWER).encode())
    assert gist(body, coding=b"gzip") == gist(ANSWER)
    assert gist(b"no gzip", coding=b"gzip").text is None


def test_what_expands_beyond_measure_is_not_read():
    body = gzip.compress(b"[" + b" " * 40_000 + b"]")
    settings = {"cache": {"max_body": 4000}}
    assert gist(body, settings=settings, coding=b"gzip") != gist([], settings=settings)
