"""Drift: what differs, and the lifetime that follows from it."""

from math import inf

import pytest

from gateway.policy.drift import AGES, OLDER, Drift, Evidence, Seen, age_group, compare, suggest
from gateway.policy.gist import Gist

ONE, TWO = frozenset({"1"}), frozenset({"2"})
TEXT = "a context manager defines the context of a with statement"


@pytest.mark.parametrize(
    ("served", "now", "result"),
    [
        (Gist(200, ONE, TEXT), Gist(200, ONE, TEXT), Drift.SAME),
        (Gist(200, ONE, TEXT), Gist(200, ONE, TEXT + ", roughly"), Drift.SAME),
        (Gist(200, ONE, TEXT), Gist(200, TWO, "something else"), Drift.DOCUMENTS),
        (Gist(200, ONE, TEXT), Gist(200, ONE, "something else altogether, says the model"), Drift.TEXT),
        (Gist(200, ONE, TEXT), Gist(200, ONE, ""), Drift.TEXT),
        (Gist(200, ONE, ""), Gist(200, ONE, ""), Drift.SAME),
        (Gist(200, ONE, TEXT), Gist(404, ONE, TEXT), Drift.OTHER),
        (Gist(200, ONE, TEXT), Gist(200, ONE, None, b"h"), Drift.OTHER),
        (Gist(200, ONE, None, b"h"), Gist(200, ONE, None, b"h"), Drift.SAME),
        (Gist(200, ONE, None, b"h"), Gist(200, ONE, None, b"g"), Drift.OTHER),
    ],
)
def test_compare(served, now, result):
    assert compare(served, now, 0.5) is result


def test_how_alike_texts_must_be_is_for_the_route_to_say():
    a, b = Gist(200, ONE, "a b c d"), Gist(200, ONE, "a b c e")
    assert [compare(a, b, similarity) for similarity in (0, 0.3, 0.4, 1)] == [Drift.SAME] * 2 + [Drift.TEXT] * 2


@pytest.mark.parametrize(
    ("age", "name"),
    [(-1, "10s"), (0, "10s"), (10, "10s"), (10.1, "1m"), (604_800, "7d"), (604_801, OLDER), (inf, OLDER)],
)
def test_ages_are_told_together(age, name):
    assert age_group(age) == name


@pytest.mark.parametrize(
    ("seen", "suggested"),
    [
        ([], None),
        ([Seen(9, 299, 0)], None),
        ([Seen(9, 300, 0)], 9),
        ([Seen(9, 300, 3)], 9),
        ([Seen(9, 300, 4)], 0),
        ([Seen(9, 299, 299)], None),
        ([Seen(9, 200, 0), Seen(55, 200, 4)], 55),
        ([Seen(9, 200, 0), Seen(55, 200, 5)], 0),
        ([Seen(9, 400, 0), Seen(55, 100, 6)], 9),
        ([Seen(9, 400, 0), Seen(55, 100, 6), Seen(290, 1000, 2)], 290),
        ([Seen(9, 300, 30), Seen(55, 9000, 0)], 55),
        ([Seen(9, 10_000, 0), Seen(900_000, 1, 1)], 900_000),  # one such hit in ten thousand is no harm
    ],
)
def test_suggested_lifetime(seen, suggested):
    assert suggest(seen, 0.01) == suggested


def test_the_fewer_may_differ_the_more_must_have_been_compared():
    assert suggest([Seen(9, 2999, 0)], 0.001) is None
    assert suggest([Seen(9, 3000, 0)], 0.001) == 9
    assert suggest([Seen(9, 3, 3)], 1) == 9


def test_evidence_is_gathered_by_age_and_failures_are_none():
    evidence = Evidence()
    for age, result in (
        (70, Drift.TEXT),
        (3, Drift.SAME),
        (250, Drift.SAME),
        (3, Drift.FAILED),
        (800_000, Drift.OTHER),
    ):
        evidence.add(age, result)
    assert evidence.seen() == [Seen(3, 1, 0), Seen(250, 2, 1), Seen(800_000, 1, 1)]


def test_what_is_long_past_counts_for_less():
    evidence = Evidence()
    for _ in range(10_000):
        evidence.add(1, Drift.TEXT)
    assert evidence.seen() == [Seen(1, 5000, 5000)]
    for _ in range(100_000):
        evidence.add(1, Drift.SAME)
    assert suggest(evidence.seen(), 0.01) == 1


def test_names_of_ages_say_how_old():
    from gateway.model.units import format_duration

    assert {format_duration(bound) for bound in AGES.values()} == set(AGES)
