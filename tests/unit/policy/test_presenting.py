import pytest

from gateway.model.entry import Entry
from gateway.model.fields import Pairs
from gateway.policy.presenting import presentable
from tests.support.packing import packed
from tests.support.policy import entry, request

PLAIN = b'{"answer":"x"}'
CODED = entry(
    body=packed(PLAIN),
    coding=b"gzip",
    fields=((b"Content-Encoding", b"gzip"), (b"ETag", b'"v1"'), (b"Vary", b"Accept-Encoding")),
    status=404,
    reason=b"Not Here",
)


def for_client(accept_encoding: bytes | None) -> Pairs:
    return () if accept_encoding is None else ((b"Accept-Encoding", accept_encoding),)


def test_an_uncoded_entry_goes_to_everybody_as_it_is() -> None:
    plain = entry(body=PLAIN)
    assert presentable(plain, request(), 100) is plain


def test_a_coded_entry_goes_as_it_is_to_who_accepts_the_coding() -> None:
    assert presentable(CODED, request(fields=for_client(b"br, gzip")), 100) is CODED


@pytest.mark.parametrize("accept_encoding", [None, b"", b"br", b"gzip;q=0"])
def test_a_coded_entry_is_decoded_for_others(accept_encoding: bytes | None) -> None:
    decoded = presentable(CODED, request(fields=for_client(accept_encoding)), 100)
    assert decoded is not None
    assert decoded.body == PLAIN
    assert decoded.coding == b""
    assert decoded.head == b'HTTP/1.1 404 Not Here\r\nETag: W/"v1"\r\nVary: Accept-Encoding\r\n'
    assert CODED.coding == b"gzip"


def test_a_weak_entity_tag_stays_as_it_is() -> None:
    weak = entry(body=packed(PLAIN), coding=b"gzip", fields=((b"etag", b'W/"v1"'),))
    decoded = presentable(weak, request(), 100)
    assert decoded is not None
    assert decoded.fields == ((b"etag", b'W/"v1"'),)


@pytest.mark.parametrize("coded", [entry(body=b"\x0b\x02", coding=b"br"), entry(body=b"x", coding=b"gzip"), CODED])
def test_what_cannot_be_decoded_within_the_limit_is_not_presentable(coded: Entry) -> None:
    assert presentable(coded, request(), len(PLAIN) - 1) is None
