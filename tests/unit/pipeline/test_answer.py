"""Answers: what a client is told when an upstream failed."""

import pytest

from gateway.model.errors import NoReplica, UpstreamError, UpstreamReset, UpstreamTimeout, UpstreamUnreachable
from gateway.model.outcome import Reason
from gateway.pipeline.answer import failure


@pytest.mark.parametrize(
    ("error", "status", "title"),
    [
        (UpstreamTimeout("rag", "no answer within 2 s"), 504, "Gateway Timeout"),
        (UpstreamUnreachable("rag", "Connection refused"), 502, "Bad Gateway"),
        (UpstreamReset("rag", "gone"), 502, "Bad Gateway"),
    ],
)
def test_a_failure_names_the_upstream_and_what_was_the_matter(error: UpstreamError, status: int, title: str) -> None:
    problem = failure(error)
    assert (problem.status, problem.title) == (status, title)
    assert problem.detail == f"upstream rag: {error.detail}"
    assert problem.members == {"upstream": "rag"}
    assert not problem.close
    assert problem.fields == ()


def test_where_nobody_was_asked_the_client_is_told_when_to_come_again() -> None:
    problem = failure(NoReplica("rag", "is left alone", Reason.BREAKER_OPEN, 4))
    assert (problem.status, problem.title) == (503, "Service Unavailable")
    assert problem.fields == ((b"Retry-After", b"4"),)
