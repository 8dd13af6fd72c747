"""Rejections: the route's empty answer, in the form that the client reads."""

import pytest

from gateway.model.entry import EntryFlag
from gateway.policy.document import parse
from gateway.policy.rejection import Rejection
from tests.support.policy import route

CHAT = {
    "id": "chatcmpl-0",
    "object": "chat.completion",
    "created": 1,
    "model": "{/model}",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Nothing found."}, "finish_reason": "stop"}],
}
STREAMS = {"when": [{"pointer": "/stream", "is": True}]}


def test_none_is_stated():
    assert Rejection(route()).entry(parse(b"{}"), 5.0) is None


def test_the_query_is_put_in():
    made = Rejection(route(empty={"answer": {"status": 201, "body": {"query": "{/query}", "docs": []}}}))
    entry = made.entry(parse(b'{"query": "q"}'), 5.0)
    assert entry is not None
    assert (entry.status, entry.reason, entry.body) == (201, b"Created", b'{"query":"q","docs":[]}')
    assert entry.fields == ((b"Content-Type", b"application/json"),)
    assert (entry.stored_at, entry.expires_at, entry.flags) == (5.0, 5.0, EntryFlag.EMPTY)


@pytest.mark.parametrize(("status", "reason"), [(200, b"OK"), (299, b"")])
def test_a_status_that_nobody_knows_has_no_phrase(status, reason):
    entry = Rejection(route(empty={"answer": {"status": status}})).entry(parse(b""), 0.0)
    assert entry is not None
    assert (entry.reason, entry.body) == (reason, b"")


@pytest.mark.parametrize(
    ("content_type", "body", "asked", "given"),
    [
        ("application/json", {}, b'{"stream": true}', False),
        ("application/json", {}, b"{}", True),
        ("text/event-stream", "data: [DONE]\n\n", b'{"stream": true}', True),
        ("text/event-stream", "data: [DONE]\n\n", b"{}", False),
    ],
)
def test_who_reads_events_gets_events_or_none(content_type, body, asked, given):
    answer = {"content_type": content_type, "body": body}
    entry = Rejection(route(empty={"answer": answer}, stream=STREAMS)).entry(parse(asked), 0.0)
    assert (entry is not None) is given


def test_a_chats_answer_is_given_in_both_forms():
    made = Rejection(route(empty={"answer": {"body": CHAT}}, stream={"both_forms": True, **STREAMS}))
    plain = made.entry(parse(b'{"model": "m"}'), 0.0)
    stream = made.entry(parse(b'{"model": "m", "stream": true}'), 0.0)
    assert plain is not None
    assert b'"model":"m"' in plain.body
    assert stream is not None
    assert stream.flags & EntryFlag.STREAM
    assert stream.body.startswith(b"data: ")
    assert stream.body.endswith(b"data: [DONE]\n\n")
    assert b"Nothing" in stream.body
    assert made.entry(parse(b'{"stream": true, "stream_options": {"new": 1}}'), 0.0) is None
