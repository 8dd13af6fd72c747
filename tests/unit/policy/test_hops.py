import pytest

from gateway.model.fields import Fields, Pairs
from gateway.policy.hops import connection_options, end_to_end, wants_upgrade


@pytest.mark.parametrize(
    ("lines", "options"),
    [
        ((), set()),
        ((b"keep-alive",), set()),
        ((b"close, X-A",), {b"close", b"x-a"}),
        ((b" X-A ,, x-b\t", b"X-C"), {b"", b"x-a", b"x-b", b"x-c"}),
        ((b"Host, Content-Length, x-a",), {b"x-a"}),
    ],
)
def test_connection_options(lines: tuple[bytes, ...], options: set[bytes]) -> None:
    assert connection_options(Fields((b"Connection", line) for line in lines)) == options


def test_hop_by_hop_fields_end_here_and_the_rest_keeps_order_and_spelling() -> None:
    pairs: Pairs = (
        (b"X-One", b"1"),
        (b"connection", b"Close, X-Hop"),
        (b"Keep-Alive", b"timeout=5"),
        (b"x-hop", b"gone"),
        (b"Proxy-Connection", b"keep-alive"),
        (b"TE", b"trailers"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Upgrade", b"h2c"),
        (b"HTTP2-Settings", b"AAMAAABk"),
        (b"Proxy-Authorization", b"Basic eA=="),
        (b"x-ONE", b""),
        (b"Trailer", b"X-Sum"),
    )
    assert end_to_end(Fields(pairs)) == ((b"X-One", b"1"), (b"x-ONE", b""), (b"Trailer", b"X-Sum"))


@pytest.mark.parametrize(
    ("connection", "upgrade", "version", "wanted"),
    [
        (b"Upgrade", b"websocket", (1, 1), True),
        (b"keep-alive, upgrade", b"WebSocket", (1, 1), True),
        (b"Upgrade, HTTP2-Settings", b"h2c", (1, 1), False),
        (b"Upgrade", b"h2c, websocket", (1, 1), True),
        (b"Upgrade", b"", (1, 1), False),
        (b"keep-alive", b"websocket", (1, 1), False),
        (b"Upgrade", b"websocket", (1, 0), False),
    ],
)
def test_upgrades_are_told_from_offers_of_http2(
    connection: bytes, upgrade: bytes, version: tuple[int, int], wanted: bool
) -> None:
    fields = Fields([(b"Connection", connection), (b"Upgrade", upgrade)])
    assert wants_upgrade(fields, version) is wanted


def test_upgrade_without_connection_is_none() -> None:
    assert not wants_upgrade(Fields([(b"Upgrade", b"websocket")]), (1, 1))
