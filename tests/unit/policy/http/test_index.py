from typing import Any

import orjson
import pytest

from gateway.model.entry import Entry, EntryFlag
from gateway.policy import variants
from gateway.policy.http.index import MOST, line_of, lines, pick, written
from gateway.policy.http.vary import selecting
from tests.support.entries import make_key
from tests.support.policy import entry, request

ACCEPT = (b"accept",)


def stored(record: Entry | None, accept: bytes, key: bytes | None = None, **changes: Any) -> Entry:
    """The record with the answer to one more Accept."""
    asked = request(b"GET", b"/a", ((b"Accept", accept),))
    answer = entry(**{"fields": ((b"Vary", b"Accept"), (b"ETag", b'"%b"' % accept)), **changes})
    return written(record, line_of(key or make_key(accept), answer, selecting(ACCEPT, asked)), answer, ACCEPT)


def wants(accept: bytes) -> Any:
    return request(b"GET", b"/a", ((b"Accept", accept),))


def test_a_record_leads_each_request_to_its_variant() -> None:
    record = stored(stored(None, b"a/b"), b"c/d")
    assert pick(lines(record), wants(b"a/b")) == make_key(b"a/b")
    assert pick(lines(record), wants(b"c/d")) == make_key(b"c/d")
    assert pick(lines(record), wants(b"e/f")) is None


def test_a_record_tells_on_what_its_answers_vary_and_is_no_answer() -> None:
    record = stored(None, b"a/b")
    assert record.flags == EntryFlag.VARY
    assert variants.names(record) == ACCEPT


def test_what_a_validation_needs_is_told_again() -> None:
    fields = ((b"ETag", b'"x"'), (b"Last-Modified", b"Mon, 18 Aug 2025 02:01:18 GMT"), (b"Server", b"s"))
    (line,) = lines(stored(None, b"a/b", fields=fields, status=203))
    assert line.variant.status == 203
    assert line.variant.received == 1000.0
    assert line.variant.fields.get(b"etag") == b'"x"'
    assert line.variant.fields.get(b"last-modified") == b"Mon, 18 Aug 2025 02:01:18 GMT"
    assert line.variant.fields.get(b"vary") == b"accept"
    assert line.variant.fields.get(b"server") is None
    assert line.variant.selecting == ((b"accept", b"=a/b"),)


def test_bytes_that_are_no_text_come_back_as_they_were() -> None:
    (line,) = lines(stored(None, b"\xff\xfe", fields=((b"ETag", b'"\xe9"'),)))
    assert line.variant.fields.get(b"etag") == b'"\xe9"'
    assert pick((line,), wants(b"\xff\xfe")) == line.key


def test_a_variant_that_is_stored_again_has_one_line_with_what_is_new() -> None:
    record = stored(stored(None, b"a/b"), b"a/b", fields=((b"ETag", b'"new"'),))
    (line,) = lines(record)
    assert line.variant.fields.get(b"etag") == b'"new"'


def test_a_record_lives_as_long_as_the_longest_of_its_answers() -> None:
    long = stored(None, b"a/b", fresh_until=9000.0, stale_while_until=9000.0, stale_error_until=9000.0)
    record = stored(long, b"c/d", fresh_until=1600.0, stale_while_until=1600.0, stale_error_until=1600.0)
    assert record.expires_at == 9000.0


def test_the_only_answer_stored_again_decides_alone_how_long_its_record_lives() -> None:
    record = stored(stored(None, b"a/b", stale_error_until=9000.0), b"a/b", stale_error_until=2000.0)
    assert record.expires_at == 2000.0


def test_clients_that_always_send_something_else_do_not_make_it_grow_for_ever() -> None:
    record = None
    for number in range(MOST + 5):
        record = stored(record, b"a/%d" % number, now=1000.0 + number)
    known = lines(record)
    assert len(known) == MOST
    assert pick(known, wants(b"a/0")) is None
    assert pick(known, wants(b"a/%d" % (MOST + 4))) == make_key(b"a/%d" % (MOST + 4))


def test_the_newest_answer_stays_whatever_its_date_says() -> None:
    record = None
    for number in range(MOST):
        record = stored(record, b"a/%d" % number, now=2000.0)
    record = stored(record, b"late/1", now=1.0)
    assert pick(lines(record), wants(b"late/1")) == make_key(b"late/1")


@pytest.mark.parametrize(
    "body",
    [b"", b"[", b"{}", b"1", b"null", b'["x"]', b'[{"key": "zz"}]', b'[{"key": 1}]', b'[{"key": "00"}]'],
)
def test_a_record_that_is_none_tells_nothing(body: bytes) -> None:
    assert lines(entry(body=body, flags=EntryFlag.VARY)) == ()


def test_an_answer_is_no_record() -> None:
    assert lines(None) == ()
    assert lines(entry(body=orjson.dumps([]))) == ()
    assert pick((), wants(b"a/b")) is None
