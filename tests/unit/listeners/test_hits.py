"""Hits: the head's bytes, with and without timing; prebuilt once."""

import pytest

from gateway.listeners import hits
from gateway.model.entry import EntryFlag
from tests.support.policy import entry

FIELDS = ((b"Content-Type", b"application/json"), (b"X-A", b"\xff"))
START = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-A: \xff\r\nContent-Length: 2\r\n"


@pytest.mark.parametrize(
    ("timing", "flags", "end"),
    [
        (False, EntryFlag.NONE, b""),
        (True, EntryFlag.NONE, b'Server-Timing: ragfront;desc="hit"\r\n'),
        (True, EntryFlag.EMPTY, b'Server-Timing: ragfront;desc="empty"\r\n'),
    ],
)
def test_age_and_what_is_left_are_told(timing, flags, end):
    stored = entry(fields=FIELDS, body=b"{}", flags=flags)
    told = b"Age: 100\r\nCache-Status: ragfront; hit; ttl=500\r\n"
    assert hits.head(stored, 1100.0, timing) == START + told + end + b"\r\n"


def test_all_but_the_time_is_made_once():
    stored = entry(fields=FIELDS, body=b"{}")
    first = hits.head(stored, 1100.0, False)
    built = stored.head
    assert built == START
    assert hits.head(stored, 1101.0, False) != first
    assert stored.head is built


def test_204_has_no_length():
    assert b"Content-Length" not in hits.head(entry(status=204, reason=b"No Content", body=b""), 1100.0, False)
