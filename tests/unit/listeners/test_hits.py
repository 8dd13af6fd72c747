"""Hits: the head's bytes, with and without timing."""

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


@pytest.mark.parametrize(
    ("status", "length"), [(204, b""), (200, b"Content-Length: 0\r\n"), (404, b"Content-Length: 0\r\n")]
)
def test_an_empty_body_has_a_length_but_for_204(status, length):
    told = b"Age: 100\r\nCache-Status: ragfront; hit; ttl=500\r\n\r\n"
    stored = entry(status=status, reason=b"X", fields=((b"X-Content-Length", b"0"),), body=b"")
    assert hits.head(stored, 1100.0, False) == b"HTTP/1.1 %d X\r\nX-Content-Length: 0\r\n%b%b" % (status, length, told)
