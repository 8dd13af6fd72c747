"""Errors: which status and reason each one stands for."""

import pytest

from gateway.model import errors
from gateway.model.outcome import Reason


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (errors.UpstreamUnreachable, 502, Reason.UPSTREAM_UNREACHABLE),
        (errors.UpstreamTimeout, 504, Reason.UPSTREAM_TIMEOUT),
        (errors.UpstreamReset, 502, Reason.UPSTREAM_RESET),
        (errors.UpstreamProtocol, 502, Reason.UPSTREAM_PROTOCOL),
    ],
)
def test_an_upstreams_failure_names_it(error, status, reason):
    made = error("rag", "no answer")
    assert (made.status, made.reason, made.upstream, str(made)) == (status, reason, "rag", "rag: no answer")
    assert isinstance(made, errors.RagfrontError)


def test_nobody_was_asked():
    made = errors.NoReplica("rag", "all are out", Reason.BREAKER_OPEN, 5)
    assert (made.status, made.reason, made.retry_after) == (503, Reason.BREAKER_OPEN, 5)
    assert isinstance(made, errors.UpstreamError)
    assert errors.UpstreamReset("rag", "x").retry_after is None


def test_a_config_error_has_a_line_for_each_problem():
    assert str(errors.ConfigError(["a:1: x", "a:2: y"])) == "a:1: x\na:2: y"
