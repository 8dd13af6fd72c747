"""Entry: its head's parts, and when it is of no use to anybody any more."""

import pytest

from gateway.model.entry import Entry, Windows


def made(status=200, reason=b"OK", fields=(), **figures) -> Entry:
    times = {"fresh_until": 10.0, "fresh_for": 10.0, "stale": Windows(0.0, 0.0)}
    return Entry.of(status, reason, fields, b"", coding=b"", route="rag", **(times | figures))


@pytest.mark.parametrize(("revalidate", "error", "expires"), [(0, 0, 10), (60, 10, 70), (10, 80, 90), (-5, -5, 10)])
def test_it_expires_with_its_longest_window(revalidate, error, expires):
    assert made(stale=Windows(revalidate, error)).expires_at == expires


def test_moments_follow_from_spans():
    entry = made(fresh_until=1600.0, fresh_for=600.0, stale=Windows(60.0, 3600.0))
    assert (entry.stored_at, entry.stale_error_until) == (1000.0, 5200.0)


@pytest.mark.parametrize(
    ("status", "reason", "fields", "head"),
    [
        (200, b"OK", (), b"HTTP/1.1 200 OK\r\n"),
        (204, b"", ((b"A", b"1"),), b"HTTP/1.1 204 \r\nA: 1\r\n"),
        (404, b"Not \xe9", ((b"A", b"1"), (b"a", b"")), b"HTTP/1.1 404 Not \xe9\r\nA: 1\r\na: \r\n"),
        (200, b"OK", ((b"A", b"1"), (b"A", b"b: c")), b"HTTP/1.1 200 OK\r\nA: 1\r\nA: b: c\r\n"),
    ],
)
def test_a_head_is_what_goes_on_the_wire_and_is_read_again(status, reason, fields, head):
    entry = made(status, reason, fields)
    assert entry.head == head
    assert (entry.status, entry.reason, entry.fields) == (status, reason, fields)


def test_what_is_memory_s_own_does_not_make_it_another_entry():
    assert made() == made(until=5.0, checked=7)
