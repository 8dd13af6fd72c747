"""Streaming: what is a stream, when it is whole, when it has failed."""

from typing import Any

import pytest

from gateway.model.fields import Fields
from gateway.policy.streaming import Framing, Streaming, Watch, framing_of
from tests.support.policy import route

FINISHED = {"pointer": "/choices/*/finish_reason", "is_not": None}
GZIP = {b"Content-Type": b"text/event-stream", b"Content-Encoding": b"gzip"}
SSE = Fields(((b"Content-Type", b"text/event-stream; charset=utf-8"),))


def watching(fields: Fields = SSE, **settings: Any) -> Watch:
    watch = Streaming(route(**settings)).watch(fields)
    assert watch is not None
    return watch


def seen(events: bytes, fields: Fields = SSE, /, **settings: Any) -> Watch:
    watch = watching(fields, **settings)
    watch.feed(events)
    watch.close()
    return watch


@pytest.mark.parametrize(
    ("fields", "stated", "framing"),
    [
        ({b"Content-Type": b"Text/Event-Stream"}, "auto", Framing.SSE),
        ({b"Content-Type": b"application/x-ndjson"}, "auto", Framing.NDJSON),
        ({b"Content-Type": b"application/grpc+proto"}, "auto", Framing.UNREADABLE),
        ({b"Content-Type": b"text/plain", b"X-Vercel-AI-Data-Stream": b"v1"}, "auto", Framing.DATA_STREAM),
        ({b"x-vercel-ai-ui-message-stream": b"v1"}, "auto", Framing.SSE),
        ({b"Content-Type": b"application/json"}, "auto", Framing.NONE),
        ({}, "auto", Framing.NONE),
        ({}, "data-stream", Framing.DATA_STREAM),
        ({b"Content-Type": b"text/plain"}, "ndjson", Framing.NDJSON),
        ({b"Content-Type": b"application/json; charset=utf-8"}, "sse", Framing.NONE),
        ({b"Content-Type": b"text/event-stream"}, "opaque", Framing.NONE),
    ],
)
def test_framing(fields: dict[bytes, bytes], stated: str, framing: Framing) -> None:
    assert framing_of(Fields(tuple(fields.items())), stated) is framing


@pytest.mark.parametrize(
    ("stream", "whole", "failed"),
    [
        (b"data: 1\n\ndata: [DONE]\n\n", True, False),
        (b"data: 1\n\ndata: [DONE]\n\nevent: flowResponses\ndata: []\n\n", True, False),
        (b"data: 1\n\n", False, False),
        (b'data: {"error": {"message": "x"}}\n\n', False, True),
        (b'data: {"error": null}\n\ndata: [DONE]\n\n', True, False),
        (b"event: error\ndata: no JSON\n\ndata: [DONE]\n\n", False, True),
        (b"data: [DONE]\n\nevent: error\n\n", False, True),
    ],
)
def test_whole_and_failed_where_nothing_is_stated(stream: bytes, whole: bool, failed: bool) -> None:
    watch = seen(stream)
    assert (watch.whole, watch.failed) == (whole, failed)


@pytest.mark.parametrize(
    ("terminal", "stream", "whole"),
    [
        ({"event": "end"}, b"event: data\r\ndata: 1\r\n\r\nevent: end\r\n\r\n", True),
        ({"pointer": "/event", "is": "message_end"}, b'data: {"event": "message_end"}\n\n', True),
        ({"pointer": "/done", "is": True}, b'data: {"done": false}\n\n', False),
        ({"data": "true"}, b"data:true\n\n", True),
        ({"event": "x", "pointer": "/a", "is": 1}, b'event: y\ndata: {"a": 1}\n\n', False),
        ({"event": "x", "pointer": "/a", "is": 1}, b'event: x\ndata: {"a": 1}\n\n', True),
        (FINISHED, b'data: {"choices":[{"finish_reason":"stop"}]}\n\n', True),
        (FINISHED, b'data: {"choices":[{"finish_reason":null}]}\n\n', False),
    ],
)  # fmt: skip
def test_a_route_names_its_terminal_event(terminal: dict[str, Any], stream: bytes, whole: bool) -> None:
    assert seen(stream, stream={"terminal": [terminal]}).whole is whole


def test_without_a_terminal_event_a_clean_end_is_enough() -> None:
    assert seen(b"data: 1\n\n", stream={"terminal": []}).whole


def test_the_first_event_is_no_comment() -> None:
    watch = watching()
    watch.feed(b": ping\n\ndata: 1\n")
    assert not watch.began
    watch.feed(b"\n")
    assert watch.began


def test_what_events_say_of_the_answer() -> None:
    watch = seen(
        b'data: {"doc": "a"}\n\ndata: {"doc": "b", "docs": []}\n\ndata: {"cut": 1}\n\ndata: [DONE]\n\n',
        cache={"store_unless": [{"pointer": "/cut"}]},
        empty={"when": [{"pointer": "/docs", "is": []}]},
        tags=["doc:{/doc}"],
    )
    assert (watch.unless, watch.empty, list(watch.tags)) == (True, True, ["doc:a", "doc:b"])


def test_tags_of_a_stream_are_bounded() -> None:
    stream = b"".join(b'data: {"doc": %d}\n\n' % n for n in range(5000))
    assert 256 < len(seen(stream, tags=["doc:{/doc}"]).tags) < 300


@pytest.mark.parametrize("fields", [{b"Content-Type": b"application/grpc"}, GZIP])
def test_what_cannot_be_read_is_never_whole(fields: dict[bytes, bytes]) -> None:
    watch = seen(b"data: [DONE]\n\n", Fields(tuple(fields.items())))
    assert watch.began
    assert not watch.whole
    assert not watch.readable


def test_an_event_that_is_too_large_may_hide_anything() -> None:
    watch = seen(b"data: " + b"x" * 2000 + b"\n\ndata: [DONE]\n\n", cache={"max_body": 1000})
    assert not watch.whole
