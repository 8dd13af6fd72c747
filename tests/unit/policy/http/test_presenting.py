"""Presenting: what a client gets of a stored answer."""

import pytest

from gateway.model.fields import Fields, Pairs
from gateway.policy.http.presenting import Shown, shown
from tests.support.policy import entry, request

DAY = b"Tue, 14 Nov 2023 22:13:20 GMT"
LATER = b"Tue, 14 Nov 2023 22:15:00 GMT"
FIELDS: Pairs = (
    (b"Content-Type", b"text/plain"),
    (b"ETag", b'"v1"'),
    (b"Last-Modified", DAY),
    (b"Date", LATER),
    (b"Cache-Control", b"max-age=60"),
)
STORED = entry(fields=FIELDS, body=b"0123456789" * 20)


def show(*pairs: tuple[bytes, bytes], method: bytes = b"GET", stored=STORED) -> Shown:
    return shown(stored, request(method, b"/a", pairs), b"BOUNDARY")


def told(got: Shown, name: bytes) -> bytes | None:
    return Fields(got.entry.fields).joined(name)


def test_what_asks_for_nothing_special_gets_the_very_same():
    assert show((b"Accept", b"*/*")).entry is STORED


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param((b"If-None-Match", b'"v1"'), id="9110-13.1.2-the-same-tag"),
        pytest.param((b"If-None-Match", b'"v0", W/"v1"'), id="9110-13.1.2-in-a-list-and-weak"),
        pytest.param((b"If-None-Match", b"*"), id="9110-13.1.2-any"),
        pytest.param((b"If-Modified-Since", DAY), id="9110-13.1.3-not-since"),
    ],
)
@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_who_has_it_gets_304_with_what_caches_need(condition, method):
    got = show(condition, method=method)
    assert got.not_modified
    assert got.entry.status == 304
    assert (told(got, b"etag"), told(got, b"cache-control")) == (b'"v1"', b"max-age=60")
    assert told(got, b"content-type") is None


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param((b"If-None-Match", b'"v2"'), id="9110-13.1.2-another-tag"),
        pytest.param((b"If-Modified-Since", b"Mon, 13 Nov 2023 22:13:20 GMT"), id="9110-13.1.3-changed-since"),
        pytest.param((b"If-Modified-Since", b"yesterday"), id="9110-13.1.3-no-date"),
    ],
)
def test_who_has_another_gets_the_whole(condition):
    assert show(condition) == Shown(STORED)


def test_a_tag_stands_above_a_date_9110_13_2_2():
    assert show((b"If-None-Match", b'"v2"'), (b"If-Modified-Since", DAY)) == Shown(STORED)


def test_a_condition_is_for_a_200_alone_9110_13_2_1():
    gone = entry(status=404, reason=b"Not Found", fields=FIELDS)
    assert show((b"If-None-Match", b'"v1"'), stored=gone) == Shown(gone)


def test_head_is_told_the_length_of_what_get_would_bring_9110_9_3_2():
    got = show(method=b"HEAD")
    assert told(got, b"content-length") == b"200"
    assert told(got, b"content-type") == b"text/plain"


def test_head_has_no_ranges_9110_14_2():
    assert show((b"Range", b"bytes=0-4"), method=b"HEAD").entry.status == 200


def test_one_part_9110_15_3_7_1():
    got = show((b"Range", b"bytes=10-14"))
    assert (got.entry.status, got.entry.body) == (206, b"01234")
    assert told(got, b"content-range") == b"bytes 10-14/200"
    assert told(got, b"content-type") == b"text/plain"
    assert not got.not_modified


def test_several_parts_9110_15_3_7_2():
    got = show((b"Range", b"bytes=0-1,-3"))
    assert told(got, b"content-type") == b"multipart/byteranges; boundary=BOUNDARY"
    assert got.entry.body == (
        b"--BOUNDARY\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/200\r\n\r\n01\r\n"
        b"--BOUNDARY\r\nContent-Type: text/plain\r\nContent-Range: bytes 197-199/200\r\n\r\n789\r\n"
        b"--BOUNDARY--\r\n"
    )


def test_nothing_of_it_is_asked_for_9110_15_5_17():
    got = show((b"Range", b"bytes=200-"))
    assert (got.entry.status, got.entry.body) == (416, b"")
    assert got.entry.fields == ((b"Content-Range", b"bytes */200"),)


@pytest.mark.parametrize("asked", [b"lines=0-4", b"bytes=4-0", b"bytes=0-4;5", b"bytes=" + b"0-1," * 20])
def test_odd_ranges_get_the_whole_9110_14_2(asked):
    assert show((b"Range", asked)) == Shown(STORED)


@pytest.mark.parametrize(
    ("named", "status"),
    [
        pytest.param(b'"v1"', 206, id="9110-13.1.5-the-same"),
        pytest.param(b'W/"v1"', 200, id="9110-13.1.5-weak"),
        pytest.param(b'"v2"', 200, id="9110-13.1.5-another"),
        pytest.param(DAY, 206, id="9110-13.1.5-the-very-date"),
        pytest.param(LATER, 200, id="9110-13.1.5-a-later-date"),
    ],
)
def test_if_range(named, status):
    assert show((b"Range", b"bytes=0-4"), (b"If-Range", named)).entry.status == status


def test_if_none_match_stands_before_range_9110_13_2_2():
    assert show((b"Range", b"bytes=0-4"), (b"If-None-Match", b'"v1"')).not_modified


def test_what_is_no_200_has_no_parts_9110_14_2():
    gone = entry(status=404, reason=b"Not Found", body=b"0123456789")
    assert show((b"Range", b"bytes=0-4"), stored=gone) == Shown(gone)
