"""Attempt: what a call came to is told once, to the right one."""

import pytest

from gateway.model.outcome import Reason
from gateway.upstream.attempt import Attempt
from tests.support.replicas import Rig
from tests.support.talk import Calls

RESET, TIMEOUT = Reason.UPSTREAM_RESET, Reason.UPSTREAM_TIMEOUT


@pytest.mark.parametrize(
    ("status", "results", "ejections", "breaker"),
    [
        (200, ("2xx",), 0, "closed"),
        (500, ("5xx",), 1, "closed"),
        (500, ("abandoned",), 1, "closed"),  # a stale answer stands in, and the rest is not read
        (500, (RESET,), 1, "closed"),  # one call is one failure
        (404, ("4xx",), 0, "closed"),
        (200, (RESET,), 1, "closed"),
        (200, ("abandoned",), 0, "closed"),
        (200, ("2xx", RESET), 0, "closed"),  # the first word counts
        (None, (TIMEOUT,), 1, "open"),
        (None, ("abandoned",), 0, "closed"),
    ],
)
async def test_what_a_call_came_to(status, results, ejections, breaker):
    rig = Rig(2, ejection={"failures": 1}, breaker={"failures": 1})
    calls = Calls()
    attempt = Attempt("rag", rig.a, rig.balance, calls, lambda: rig.now + 2, rig.now)
    assert (rig.a.pending, calls.inflight) == (1, 1)
    if status is not None:
        attempt.answered(status)
    for result in results:
        attempt.end(result)
    assert (rig.a.pending, calls.inflight) == (0, 0)
    assert calls.ended == [("rag", results[0])]
    assert (rig.a.ejections, rig.a.breaker.state) == (ejections, breaker)


async def test_a_failure_that_is_nobodys_fault():
    rig = Rig(2, ejection={"failures": 1}, breaker={"failures": 1})
    attempt = Attempt("rag", rig.a, rig.balance, Calls(), lambda: rig.now, rig.now)
    attempt.blame = False
    attempt.end(RESET)
    assert (rig.a.ejections, rig.a.breaker.state) == (0, "closed")


async def test_a_client_that_leaves_does_not_end_a_row_of_failures():
    rig = Rig(2, ejection={"failures": 2})
    for status, result in ((500, "5xx"), (200, "abandoned"), (500, "5xx")):
        attempt = Attempt("rag", rig.a, rig.balance, Calls(), lambda: rig.now, rig.now)
        attempt.answered(status)
        attempt.end(result)
    assert rig.a.ejections == 1
