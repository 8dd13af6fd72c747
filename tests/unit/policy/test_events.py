"""Events: what the bytes of a stream say, event by event."""

import pytest

from gateway.policy.events import Event, reader

SSE = [
    (b"data: a\n\n", [(b"", b"a")]),
    (b"data:a\n\n", [(b"", b"a")]),
    (b"data:  a\n\n", [(b"", b" a")]),
    (b"data: a\r\n\r\ndata: b\r\n\r\n", [(b"", b"a"), (b"", b"b")]),
    (b"data: a\r\rdata: b\r\r", [(b"", b"a"), (b"", b"b")]),
    (b"data: a\ndata: b\n\n", [(b"", b"a\nb")]),
    (b"event: end\r\n\r\n", [(b"end", b"")]),
    (b"event: x\ndata: 1\nid: 7\nretry: 3\n\n", [(b"x", b"1")]),
    (b": ping\n\n: pong\n\n", []),
    (b"\n\n\n", []),
    (b"\xef\xbb\xbfdata: a\n\n", [(b"", b"a")]),
    (b"data\n\n", [(b"", b"")]),
    (b"data: \xff\xfe\n\n", [(b"", b"\xff\xfe")]),
    (b"message:\ndata: {}\n\n", [(b"", b"{}")]),
    (b"data: [DONE]", [(b"", b"[DONE]")]),
    (b"data: [DONE]\n", [(b"", b"[DONE]")]),
    (b"data: a\r\n\r", [(b"", b"a")]),
]


def events(framing: str, *pieces: bytes, limit: int = 1000) -> list[tuple[bytes, bytes]]:
    made = reader(framing, limit)
    return [(name, data) for piece in pieces for name, data, _ in made.feed(piece)] + [
        (name, data) for name, data, _ in made.close()
    ]


@pytest.mark.parametrize(("stream", "expected"), SSE)
def test_server_sent_events(stream: bytes, expected: list[tuple[bytes, bytes]]) -> None:
    assert events("sse", stream) == expected
    assert events("sse", *(stream[i : i + 1] for i in range(len(stream)))) == expected


@pytest.mark.parametrize(
    ("framing", "stream", "expected"),
    [
        ("ndjson", b'{"a":1}\n{"done":true}\n', [(b"", b'{"a":1}'), (b"", b'{"done":true}')]),
        ("ndjson", b'{"a":1}\r\n\r\n{"b":2}', [(b"", b'{"a":1}'), (b"", b'{"b":2}')]),
        ("data-stream", b'0:"text"\n8:[{"a": 1}]\nd:{}\n', [(b"0", b'"text"'), (b"8", b'[{"a": 1}]'), (b"d", b"{}")]),
        ("data-stream", b"plain\n", [(b"", b"plain")]),
    ],
)
def test_lines(framing: str, stream: bytes, expected: list[tuple[bytes, bytes]]) -> None:
    assert events(framing, stream) == expected
    assert events(framing, *(stream[i : i + 1] for i in range(len(stream)))) == expected


def test_an_event_is_told_as_soon_as_it_is_whole_and_where_it_ended() -> None:
    made = reader("sse", 100)
    assert list(made.feed(b"data: a\n")) == []
    assert list(made.feed(b"\nda")) == [Event(b"", b"a", 9)]
    assert list(made.feed(b"ta: bc\n\n")) == [Event(b"", b"bc", 19)]


@pytest.mark.parametrize("framing", ["sse", "ndjson", "data-stream"])
@pytest.mark.parametrize("piece", [b"data: " + b"x" * 20, b"data: x\n"])
def test_an_event_over_the_limit_ends_the_reading(framing: str, piece: bytes) -> None:
    made = reader(framing, 50)
    for _ in range(100):
        list(made.feed(piece))
        if made.overflown:
            break
    assert made.overflown is (framing == "sse" or not piece.endswith(b"\n"))
    if made.overflown:
        assert list(made.feed(b"data: y\n\n")) == []
        assert len(made._lines._held) == 0
