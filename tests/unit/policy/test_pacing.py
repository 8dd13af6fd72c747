"""Pacing: the same bytes, in parts, each in its time."""

import pytest

from gateway.policy.pacing import Timeline, beats
from tests.support.policy import entry

SSE = ((b"Content-Type", b"text/event-stream"),)


def test_recorded_parts_come_as_they_came() -> None:
    line = Timeline()
    for end, now in ((2, 100.0), (4, 100.25), (5, 100.2504), (6, 101.5)):
        line.mark(end, now)
    stored = entry(body=b"abcdef", fields=SSE, timeline=line.packed())
    assert list(beats(stored, "recorded", "auto")) == [(0.0, b"ab"), (0.25, b"cde"), (1.5, b"f")]


def test_so_many_events_a_second() -> None:
    stored = entry(body=b"data: 1\n\ndata: 2\n\n: bye\n\n", fields=SSE)
    assert list(beats(stored, "4/s", "auto")) == [(0.0, b"data: 1\n\n"), (0.25, b"data: 2\n\n"), (0.0, b": bye\n\n")]


@pytest.mark.parametrize("pace", ["recorded", "50/s"])
@pytest.mark.parametrize("timeline", [b"", b"xyz", b"\xff" * 8, b"\x00" * 16])
def test_whatever_is_stored_all_of_the_body_is_sent(pace: str, timeline: bytes) -> None:
    for fields in (SSE, ()):
        stored = entry(body=b"data: 1\n\n", fields=fields, timeline=timeline)
        assert b"".join(part for _, part in beats(stored, pace, "auto")) == stored.body


def test_a_timeline_is_bounded_and_a_clock_that_goes_back_does_no_harm() -> None:
    line = Timeline()
    for number in range(20_000):
        line.mark(number, float(number))
    assert len(line.packed()) == 8 * 16_384
    line = Timeline()
    line.mark(1, 5.0)
    line.mark(2, 1e9)
    line.mark(3, 0.0)
    assert [at for at, _ in beats(entry(body=b"abc", timeline=line.packed()), "recorded", "sse")] == [
        0.0, 4294967.295, 0.0,
    ]  # fmt: skip
