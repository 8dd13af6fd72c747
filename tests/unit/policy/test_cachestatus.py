from typing import Any

import pytest

from gateway.model.exchange import Exchange
from gateway.model.outcome import Outcome, Reason
from gateway.policy.cachestatus import cache_status
from tests.support.policy import request


@pytest.mark.parametrize(
    ("story", "status"),
    [
        ({"outcome": Outcome.HIT, "ttl": 376.9}, b"ragfront; hit; ttl=376"),
        ({"outcome": Outcome.HIT}, b"ragfront; hit"),
        ({"outcome": Outcome.EMPTY, "ttl": 80}, b"ragfront; hit; ttl=80"),
        ({"outcome": Outcome.STALE, "ttl": -11.5}, b"ragfront; hit; ttl=-12"),
        (
            {"outcome": Outcome.STALE, "ttl": -12, "reason": Reason.UPSTREAM_FAILED},
            b"ragfront; hit; ttl=-12; detail=upstream-failed",
        ),
        ({"outcome": Outcome.MISS}, b"ragfront; fwd=uri-miss"),
        ({"outcome": Outcome.MISS, "stored": True}, b"ragfront; fwd=uri-miss; stored"),
        (
            {"outcome": Outcome.MISS, "stored": True, "collapsed": True},
            b"ragfront; fwd=uri-miss; stored; collapsed",
        ),
        ({"outcome": Outcome.COLLAPSED, "stored": True}, b"ragfront; fwd=uri-miss; stored; collapsed"),
        ({"outcome": Outcome.MISS, "reason": Reason.SET_COOKIE}, b"ragfront; fwd=uri-miss; detail=set-cookie"),
        ({"outcome": Outcome.MISS, "reason": Reason.VARY_MISS}, b"ragfront; fwd=vary-miss; detail=vary-miss"),
        (
            {"outcome": Outcome.MISS, "reason": Reason.REQUEST_NO_CACHE},
            b"ragfront; fwd=request; detail=request-no-cache",
        ),
        ({"outcome": Outcome.MISS, "fwd": "stale"}, b"ragfront; fwd=stale"),
        ({"outcome": Outcome.MISS, "reason": Reason.STALE}, b"ragfront; fwd=stale; detail=stale"),
        ({"outcome": Outcome.MISS, "reason": Reason.NO_CACHE}, b"ragfront; fwd=stale; detail=no-cache"),
        ({"outcome": Outcome.MISS, "fwd": "partial"}, b"ragfront; fwd=partial"),
        (  # an unsafe method on a route whose answers are stored (RFC 9211 section 2.2)
            {"outcome": Outcome.BYPASS, "fwd": "method", "reason": Reason.REQUEST_METHOD},
            b"ragfront; fwd=method; detail=request-method",
        ),
        (  # validated: forwarded, so it is no hit (RFC 9211 section 2.1)
            {"outcome": Outcome.MISS, "reason": Reason.STALE, "fwd_status": 304, "status": 200, "stored": True},
            b"ragfront; fwd=stale; fwd-status=304; stored; detail=stale",
        ),
        ({"outcome": Outcome.ERROR, "reason": Reason.ONLY_IF_CACHED}, b"ragfront; detail=only-if-cached"),
        ({"outcome": Outcome.MISS, "fwd_status": 304, "status": 200}, b"ragfront; fwd=uri-miss; fwd-status=304"),
        ({"outcome": Outcome.MISS, "fwd_status": 200, "status": 200}, b"ragfront; fwd=uri-miss"),
        ({"outcome": Outcome.BYPASS, "reason": Reason.BYPASS_WHEN}, b"ragfront; fwd=bypass; detail=bypass-when"),
        (
            {"outcome": Outcome.BYPASS, "reason": Reason.SHADOW, "would": Outcome.HIT},
            b"ragfront; fwd=bypass; detail=shadow-hit",
        ),
        (
            {"outcome": Outcome.ERROR, "reason": Reason.UPSTREAM_RESET, "would": Outcome.HIT},
            b"ragfront; detail=upstream-reset",
        ),
        ({"outcome": Outcome.ERROR, "reason": Reason.BAD_REQUEST}, b"ragfront; detail=bad-request"),
        (
            {"outcome": Outcome.ERROR, "fwd": "uri-miss", "reason": Reason.UPSTREAM_TIMEOUT},
            b"ragfront; fwd=uri-miss; detail=upstream-timeout",
        ),
        ({"outcome": Outcome.SHED}, b"ragfront"),
        ({"outcome": Outcome.REJECTED}, b"ragfront"),
    ],
)
def test_story_is_told_as_rfc_9211_has_it(story: dict[str, Any], status: bytes) -> None:
    assert cache_status(Exchange(request(), started=0.0, now=0.0, **story)) == status


def test_every_outcome_and_reason_can_be_told() -> None:
    for outcome in Outcome:
        for reason in Reason:
            status = cache_status(Exchange(request(), started=0.0, now=0.0, outcome=outcome, reason=reason))
            assert status.startswith(b"ragfront")
            assert status.endswith(b"; detail=" + reason.encode())
