from typing import Any

import pytest

from gateway.model.fields import Pairs
from gateway.model.outcome import Reason
from gateway.policy.freshness import SKEW, Verdict, age, classify, coarse, request_allows, ttl
from tests.support.policy import entry, request, route

FRESH, REVALIDATE, ERROR, EXPIRED = Verdict.FRESH, Verdict.STALE_REVALIDATE, Verdict.STALE_ERROR, Verdict.EXPIRED


@pytest.mark.parametrize(
    ("now", "verdict", "seconds"),
    [
        (1000.0, FRESH, 600),
        (1599.9, FRESH, 0),
        (1600.0, REVALIDATE, -1),
        (1600.5, REVALIDATE, -1),
        (1659.9, REVALIDATE, -60),
        (1660.0, ERROR, -60),
        (5199.0, ERROR, -3599),
        (5200.0, EXPIRED, -3600),
        (9999.0, EXPIRED, -8399),
    ],
)
def test_verdict_and_ttl_over_time(now: float, verdict: Verdict, seconds: int) -> None:
    assert classify(entry(), now) is verdict
    assert ttl(entry(), now) == seconds


@pytest.mark.parametrize(
    ("now", "verdict"),
    [(1000.0 - SKEW, FRESH), (1000.0 - SKEW - 0.1, EXPIRED), (0.0, EXPIRED), (-1e12, EXPIRED)],
)
def test_an_entry_from_the_future_is_not_believed(now: float, verdict: Verdict) -> None:
    assert classify(entry(), now) is verdict


def test_without_stale_windows_an_entry_expires_at_once() -> None:
    bare = entry(stale_while_until=1600.0, stale_error_until=1600.0)
    assert classify(bare, 1599.0) is FRESH
    assert classify(bare, 1600.0) is EXPIRED


def test_windows_shorter_than_freshness_change_nothing_while_fresh() -> None:
    assert classify(entry(stale_while_until=0.0, stale_error_until=0.0), 1500.0) is FRESH


@pytest.mark.parametrize(
    ("now", "initial", "seconds"),
    [(1000.0, 0.0, 0), (1000.9, 0.0, 0), (1010.0, 5.0, 15), (1000.6, 0.6, 1), (990.0, 5.0, 5), (990.0, -7.0, 0)],
)
def test_age_is_never_negative_and_counts_what_came(now: float, initial: float, seconds: int) -> None:
    assert age(entry(initial_age=initial), now) == seconds


@pytest.mark.parametrize(
    ("fields", "now", "reason"),
    [
        ((), 1100.0, None),
        (((b"Cache-Control", b"no-cache"),), 1100.0, Reason.REQUEST_NO_CACHE),
        (((b"Pragma", b"no-cache"),), 1100.0, Reason.REQUEST_NO_CACHE),
        (((b"Pragma", b"no-cache"), (b"Cache-Control", b"max-age=200")), 1100.0, None),
        (((b"Cache-Control", b"max-age=100"),), 1100.0, None),
        (((b"Cache-Control", b"max-age=99"),), 1100.0, Reason.REQUEST_NO_CACHE),
        (((b"Cache-Control", b"max-age=x"),), 1100.0, Reason.REQUEST_NO_CACHE),
        (((b"Cache-Control", b"min-fresh=500"),), 1100.0, None),
        (((b"Cache-Control", b"min-fresh=501"),), 1100.0, Reason.REQUEST_NO_CACHE),
        (((b"Cache-Control", b"min-fresh=1"),), 1601.0, Reason.REQUEST_NO_CACHE),
        (((b"Cache-Control", b"max-stale=1"),), 1601.0, None),
        (((b"Cache-Control", b"x"), (b"Cache-Control", b"no-cache")), 1100.0, Reason.REQUEST_NO_CACHE),
    ],
)
def test_request_directives(fields: Pairs, now: float, reason: Reason | None) -> None:
    respect: dict[str, Any] = {"cache": {"request_directives": "respect"}}
    assert request_allows(route(**respect), request(fields=fields), entry(), now) is reason
    assert request_allows(route(), request(fields=fields), entry(), now) is None


@pytest.mark.parametrize(
    ("seconds", "digits", "rounded"),
    [
        (0.0, 10, 0.0),
        (0.25, 10, 0.25),
        (600.0, 10, 600.0),
        (600.7, 10, 600.0),
        (1023.0, 10, 1023.0),
        (1601.0, 10, 1600.0),
        (3600.0, 10, 3600.0),
        (86_400.0, 10, 86_400.0),
        (1.999, 7, 1.984375),
    ],
)
def test_coarse_takes_off_little_and_nothing_from_usual_lifetimes(seconds: float, digits: int, rounded: float) -> None:
    assert coarse(seconds, digits) == rounded
