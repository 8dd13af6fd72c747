"""Stand-ins: a stated answer, in the form that the client reads."""

import pytest

from gateway.model.entry import EntryFlag
from gateway.model.settings.stated import StatedAnswer
from gateway.policy.document import parse
from gateway.policy.standin import StandIn
from tests.support.policy import route

CHAT = {
    "id": "chatcmpl-0",
    "object": "chat.completion",
    "created": 1,
    "model": "{/model}",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Nothing found."}, "finish_reason": "stop"}],
}
SSE = b'event: message\ndata: {"answer":"a\\nb","of":"q"}\n\ndata: [DONE]\n\n'
EVENTS = [{"event": "message", "data": {"answer": "{text}", "of": "{/query}"}}, {"data": "[DONE]"}]


def stated(answer, words=(), **settings):
    return StandIn(route(**settings), StatedAnswer.model_validate(answer), words)


def test_the_query_is_put_in():
    made = stated({"status": 201, "body": {"query": "{/query}", "docs": []}})
    entry = made.entry(parse(b'{"query": "q"}'), 5.0, streams=None)
    assert entry is not None
    assert (entry.status, entry.reason, entry.body) == (201, b"Created", b'{"query":"q","docs":[]}')
    assert entry.fields == ((b"Content-Type", b"application/json"),)
    assert (entry.stored_at, entry.expires_at, entry.flags) == (5.0, 5.0, EntryFlag.NONE)


def test_flags_and_fields_are_as_they_are_said():
    answer = StatedAnswer(body={})
    made = StandIn(route(), answer, flags=EntryFlag.EMPTY, fields=((b"Cache-Control", b"no-store"),))
    entry = made.entry(parse(b"{}"), 0.0, streams=False)
    assert entry is not None
    assert entry.flags is EntryFlag.EMPTY
    assert entry.fields[1] == (b"Cache-Control", b"no-store")


@pytest.mark.parametrize(("status", "reason"), [(200, b"OK"), (299, b"")])
def test_a_status_that_nobody_knows_has_no_phrase(status, reason):
    entry = stated({"status": status}).entry(parse(b""), 0.0, streams=None)
    assert entry is not None
    assert (entry.reason, entry.body) == (reason, b"")


@pytest.mark.parametrize(
    ("content_type", "body", "streams", "given"),
    [
        ("application/json", {}, True, False),
        ("application/json", {}, False, True),
        ("application/json", {}, None, True),
        ("text/event-stream", "data: [DONE]\n\n", True, True),
        ("text/event-stream", "data: [DONE]\n\n", False, False),
        ("text/event-stream", "data: [DONE]\n\n", None, True),
    ],
)
def test_who_reads_events_gets_events_or_none(content_type, body, streams, given):
    entry = stated({"content_type": content_type, "body": body}).entry(parse(b"{}"), 0.0, streams=streams)
    assert (entry is not None) is given


@pytest.mark.parametrize(
    ("framing", "content_type", "body"),
    [
        ("auto", b"text/event-stream; charset=utf-8", SSE),
        ("ndjson", b"application/x-ndjson", b'{"answer":"a\\nb","of":"q"}\n[DONE]\n'),
        ("data-stream", b"text/plain; charset=utf-8", b'message:{"answer":"a\\nb","of":"q"}\n:[DONE]\n'),
    ],
)  # fmt: skip
def test_events_come_in_the_routes_framing(framing, content_type, body):
    made = stated({"body": {}, "events": EVENTS}, ("text",), stream={"framing": framing})
    entry = made.entry(parse(b'{"query": "q"}'), 0.0, streams=True, said={"text": "a\nb"})
    assert entry is not None
    assert entry.fields[0] == (b"Content-Type", content_type)
    assert entry.flags & EntryFlag.STREAM
    assert entry.body == body


def test_a_client_cannot_break_out_of_the_event_it_is_put_into():
    made = stated({"events": [{"data": "q: {/query}\nsecond"}]})
    entry = made.entry(parse(b'{"query": "x\\n\\ndata: forged"}'), 0.0, streams=True)
    assert entry is not None
    assert entry.body == b'data: q: "x\\n\\ndata: forged"\ndata: second\n\n'


@pytest.mark.parametrize("both", [True, False])
def test_a_chats_answer_is_given_in_both_forms(both):
    made = stated({"body": CHAT}, stream={"both_forms": both})
    plain = made.entry(parse(b'{"model": "m"}'), 0.0, streams=False)
    stream = made.entry(parse(b'{"model": "m", "stream": true}'), 0.0, streams=True)
    assert plain is not None
    assert b'"model":"m"' in plain.body
    assert stream is not None
    assert stream.flags & EntryFlag.STREAM
    assert stream.body.startswith(b"data: ")
    assert stream.body.endswith(b"data: [DONE]\n\n")
    assert b"Nothing" in stream.body
    assert made.entry(parse(b'{"stream": true, "stream_options": {"new": 1}}'), 0.0, streams=True) is None


def test_what_cannot_be_written_is_not_given():
    deep = b'{"a": ' + b"[" * 253 + b"]" * 253 + b"}"
    assert stated({"body": {"x": {"y": "{/a}"}}}).entry(parse(deep), 0.0, streams=None) is None
