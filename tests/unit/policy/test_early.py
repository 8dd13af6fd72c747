"""Early: one draw ahead of time does what a draw at each request would do."""

import math
import random
import statistics

import pytest

from gateway.model.entry import EntryFlag
from gateway.policy.early import next_moment
from tests.support.policy import entry

END = 1600.0  # of an entry that was stored at 1000


def kept(seconds: float = 10.0, **more):
    return entry(upstream_seconds=seconds, **more)


@pytest.mark.parametrize(
    ("stored", "beta"),
    [(kept(), 0.0), (kept(0.0), 1.0), (kept(-1.0), 1.0), (kept(flags=EntryFlag.VARY), 1.0)],
)
def test_what_is_never_asked_anew_early_lasts_to_its_end(stored, beta):
    assert next_moment(stored, 1000.0, beta, 0.5) == END


@pytest.mark.parametrize(
    ("now", "beta", "drawn", "moment"),
    [
        (1000.0, 1.0, 1 - math.exp(-10), END),  # so late a draw that its end comes first
        (1000.0, 1.0, 1 - math.exp(-10 / math.e), END - 10),  # one span before
        (1000.0, 2.0, 1 - math.exp(-10 / math.e), END - 20),
        (1000.0, 1.0, 0.0, END - 300),  # not in the first half of its life, whatever is drawn
        (END - 5, 1.0, 0.0, END - 5),
        (END + 5, 1.0, 0.9, END),
    ],
)
def test_the_moment_follows_from_the_draw(now, beta, drawn, moment):
    assert next_moment(kept(), now, beta, drawn) == pytest.approx(moment, abs=1e-6)


def test_it_is_as_early_as_a_draw_at_each_of_ten_requests_in_a_span_would_be():
    """XFetch itself, request by request, against the one draw; alike in their quartiles to a tenth of a span."""
    dice, span = random.Random(5), 10.0

    def xfetch() -> float:
        now = END - 20 * span
        while now < END:
            now += dice.expovariate(10 / span)
            if now - span * math.log(1 - dice.random()) >= END:
                return min(now, END)
        return END

    one_by_one = [END - xfetch() for _ in range(4000)]
    at_once = [END - next_moment(kept(span), 1000.0, 1.0, dice.random()) for _ in range(4000)]
    for theirs, ours in zip(statistics.quantiles(one_by_one), statistics.quantiles(at_once), strict=True):
        assert ours == pytest.approx(theirs, abs=span / 8)


def test_drawing_again_on_the_way_changes_nothing_about_when_it_comes():
    """The process has no memory: who draws anew at 40 s before the end comes to the same moments."""
    dice, stored = random.Random(6), kept()
    once = [next_moment(stored, 1000.0, 1.0, dice.random()) for _ in range(4000)]
    again = []
    for _ in range(4000):
        moment = next_moment(stored, 1000.0, 1.0, dice.random())
        again.append(moment if moment < END - 40 else next_moment(stored, END - 40, 1.0, dice.random()))
    for theirs, ours in zip(statistics.quantiles(once), statistics.quantiles(again), strict=True):
        assert ours == pytest.approx(theirs, abs=1.0)
