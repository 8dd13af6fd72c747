"""Top: by samples, faded, bounded."""

import pytest

from gateway.model.outcome import Outcome
from gateway.pipeline.top import Top
from tests.support.exchanges import finished


def hit(key: bytes, saved: float = 1.0, now: float = 1.7e9, **more):
    x = finished(outcome=Outcome.HIT, key=key) if not more else finished(key=key, **more)
    x.saved_seconds, x.now = saved, now
    return x


def test_the_most_asked_for_and_those_that_save_most() -> None:
    top = Top()
    for x in [hit(b"a")] * 3 + [hit(b"b", 10.0)] + [hit(b"c", outcome=Outcome.MISS)]:
        top.note(x)
    assert [(r.one.key, r.share) for r in top.by_hits(5)] == [(b"a", 0.6), (b"b", 0.2)]
    assert [(r.one.key, r.share) for r in top.by_saved(1)] == [(b"b", pytest.approx(10 / 13))]
    assert top.by_hits(1)[0].one.path == "/rag"


def test_nothing_yet() -> None:
    assert (Top().by_hits(5), Top().by_saved(5)) == ([], [])


def test_what_was_fades() -> None:
    top = Top()
    for _ in range(8):
        top.note(hit(b"old"))
    for _ in range(6):
        top.note(hit(b"new", now=1.7e9 + 1200))
    assert [r.one.key for r in top.by_hits(2)] == [b"new", b"old"]
    assert top.samples == pytest.approx(8)


def test_any_number_of_keys_takes_bounded_room() -> None:
    top = Top()
    for number in range(3000):
        top.note(hit(b"%d" % number))
    assert len(top.by_hits(10_000)) <= 1000
