import json
from typing import Any

import pytest

from gateway.model.entry import Entry, EntryFlag
from gateway.model.fields import Pairs
from gateway.policy.document import Document, parse
from gateway.policy.forms import Form, asked_form, converted, other_forms
from gateway.policy.keying import Keyer
from tests.support.chats import USAGE, answer, chunk, chunks_of, delta, encoded, sse
from tests.support.packing import packed
from tests.support.policy import entry, request, route

ASK = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
STREAM = ASK | {"stream": True}
WITH_USAGE = STREAM | {"stream_options": {"include_usage": True}}
LIMIT = 100_000

TOLD = sse(chunk(delta(role="assistant", content="hello")), chunk(delta("stop")), chunk(usage=USAGE))
UNTOLD = sse(chunk(delta(role="assistant", content="hello")), chunk(delta("stop")))
FIELDS: Pairs = (
    (b"Server", b"uvicorn"), (b"content-type", b"x/y"), (b"ETag", b'"v1"'), (b"Last-Modified", b"then"),
    (b"Content-Digest", b"sha-256=:x:"), (b"Vary", b"Accept-Encoding"), (b"X-A", b"1"), (b"X-A", b"2"),
)  # fmt: skip
KEPT = b"Server: uvicorn\r\nVary: Accept-Encoding\r\nX-A: 1\r\nX-A: 2\r\n"


def plain_entry(**values: Any) -> Entry:
    return entry(**{"body": encoded(answer()), "fields": FIELDS, "tags": ("doc:1",), **values})


def stream_entry(body: bytes = TOLD, **values: Any) -> Entry:
    return entry(**{"body": body, "fields": FIELDS, "flags": EntryFlag.STREAM, **values})


def document(value: Any) -> Document:
    return parse(encoded(value))


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (ASK, Form.PLAIN),
        (ASK | {"stream": False}, Form.PLAIN),
        (ASK | {"stream": None, "stream_options": None}, Form.PLAIN),
        (STREAM, Form.STREAM),
        (STREAM | {"stream_options": None}, Form.STREAM),
        (STREAM | {"stream_options": {}}, Form.STREAM),
        (STREAM | {"stream_options": {"include_usage": False}}, Form.STREAM),
        (STREAM | {"stream_options": {"include_usage": None, "include_obfuscation": True}}, Form.STREAM),
        (WITH_USAGE, Form.STREAM_WITH_USAGE),
        (STREAM | {"stream_options": {"include_usage": True, "continuous_usage_stats": False}}, Form.STREAM_WITH_USAGE),
        (STREAM | {"stream_options": {"include_usage": True, "continuous_usage_stats": True}}, None),
        (STREAM | {"stream_options": {"include_usage": 1}}, None),
        (STREAM | {"stream_options": {"include_usage": 0}}, None),
        (STREAM | {"stream_options": True}, None),
        (ASK | {"stream_options": {}}, None),  # the upstream refuses it: so do we
        (ASK | {"stream": 1}, None),
        (ASK | {"stream": 0}, None),
        (ASK | {"stream": "true"}, None),
        ([], None),
        (None, None),
    ],
)
def test_the_form_that_a_request_asks_for(value: Any, form: Form | None) -> None:
    assert asked_form(value) is form
    assert bool(other_forms(document(value))) is (form is not None)


@pytest.mark.parametrize(
    ("value", "others"),
    [
        (ASK | {"stream": False}, [WITH_USAGE, STREAM]),
        (STREAM | {"stream_options": {"include_usage": False}}, [ASK, WITH_USAGE]),
        (WITH_USAGE, [ASK]),
    ],
)
def test_the_same_request_in_other_forms(value: dict[str, Any], others: list[dict[str, Any]]) -> None:
    read = document(value)
    assert other_forms(read) == tuple(document(other) for other in others)
    assert read == document(value)


def test_other_forms_have_the_keys_under_which_answers_were_stored() -> None:
    keyer = Keyer(route(key={"defaults": {"/stream": False}}))

    def key(read: Document) -> bytes:
        return keyer.key(request(), b"", read)

    assert [key(other) for other in other_forms(document(WITH_USAGE))] == [key(document(ASK | {"stream": False}))]
    assert [key(other) for other in other_forms(document(ASK))] == [key(document(WITH_USAGE)), key(document(STREAM))]


@pytest.mark.parametrize("body", [b"", b"x", b'{"stream":true,"stream":true}', b'{"stream":1.0}'])
def test_no_other_forms_of_what_is_no_certain_request(body: bytes) -> None:
    assert other_forms(parse(body)) == ()


def test_a_plain_answer_as_a_stream() -> None:
    made = converted(plain_entry(), Form.STREAM, LIMIT)
    assert made is not None
    assert made.head == b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n" + KEPT
    assert made.flags is EntryFlag.STREAM
    assert made.tags == ("doc:1",)
    assert (made.fresh_until, made.fresh_for, made.stale) == (1600.0, 600.0, plain_entry().stale)
    assert chunks_of(made.body)[1]["choices"][0]["delta"] == {"content": "hello"}
    assert b'"usage"' not in made.body


def test_a_plain_answer_as_a_stream_with_usage() -> None:
    made = converted(plain_entry(), Form.STREAM_WITH_USAGE, LIMIT)
    assert made is not None
    assert chunks_of(made.body)[-1] == chunk(usage=USAGE)


@pytest.mark.parametrize(("stream", "usage"), [(TOLD, USAGE), (UNTOLD, None)])
def test_a_stream_as_a_plain_answer(stream: bytes, usage: Any) -> None:
    made = converted(stream_entry(stream), Form.PLAIN, LIMIT)
    assert made is not None
    assert made.head == b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + KEPT
    assert made.flags is EntryFlag.NONE
    assert json.loads(made.body).get("usage") == usage


def test_a_stream_with_usage_as_one_without() -> None:
    made = converted(stream_entry(), Form.STREAM, LIMIT)
    assert made is not None
    assert made.flags is EntryFlag.STREAM
    assert made.body == converted(stream_entry(UNTOLD), Form.STREAM, LIMIT).body  # type: ignore[union-attr]


def test_usage_is_not_made_up() -> None:
    assert converted(stream_entry(UNTOLD), Form.STREAM_WITH_USAGE, LIMIT) is None


def test_a_coded_body_is_decoded() -> None:
    fields = (*FIELDS, (b"Content-Encoding", b"gzip"))
    coded = plain_entry(body=packed(encoded(answer())), coding=b"gzip", fields=fields)
    made = converted(coded, Form.STREAM, LIMIT)
    plain = converted(plain_entry(), Form.STREAM, LIMIT)
    assert made == plain
    assert coded.coding == b"gzip"


def test_an_empty_answer_is_one_in_both_forms() -> None:
    made = converted(plain_entry(flags=EntryFlag.EMPTY), Form.STREAM, LIMIT)
    assert made is not None
    assert made.flags == EntryFlag.EMPTY | EntryFlag.STREAM
    back = converted(made, Form.PLAIN, LIMIT)
    assert back is not None
    assert back.flags is EntryFlag.EMPTY


@pytest.mark.parametrize(
    ("stored", "want"),
    [
        (plain_entry(), Form.PLAIN),
        (plain_entry(flags=EntryFlag.VARY), Form.STREAM),
        (plain_entry(status=404), Form.STREAM),
        (plain_entry(body=b"{}"), Form.STREAM),
        (plain_entry(body=TOLD), Form.STREAM),
        (plain_entry(coding=b"br"), Form.STREAM),
        (plain_entry(coding=b"gzip"), Form.STREAM),
        (stream_entry(encoded(answer())), Form.PLAIN),
        (stream_entry(b"data: [DONE]\n\n"), Form.PLAIN),
    ],
)
def test_what_is_not_converted(stored: Entry, want: Form) -> None:
    assert converted(stored, want, LIMIT) is None


@pytest.mark.parametrize("coding", [b"", b"gzip"])
def test_nothing_over_the_limit(coding: bytes) -> None:
    plain = encoded(answer())
    stored = plain_entry(body=packed(plain) if coding else plain, coding=coding)
    whole = converted(stored, Form.STREAM, LIMIT)
    assert whole is not None
    assert converted(stored, Form.STREAM, len(whole.body)) is not None
    assert converted(stored, Form.STREAM, len(whole.body) - 1) is None
    assert converted(stored, Form.STREAM, len(plain) - 1) is None
