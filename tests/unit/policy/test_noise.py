"""Noise: no field that decides anything is among it."""

import pytest

from gateway.policy.forwarding import CONDITIONAL
from gateway.policy.hops import HOP_BY_HOP
from gateway.policy.keying import ALWAYS, CREDENTIALS
from gateway.policy.noise import noise
from tests.support.policy import route

READ = {
    b"host", b"content-length", b"content-type", b"content-encoding", b"accept", b"accept-encoding",
    b"accept-language", b"cache-control", b"pragma", b"expect", b"via", b"range", b"trailer",
}  # fmt: skip


def test_what_is_read_somewhere_is_no_noise():
    assert not noise([route()]) & (CREDENTIALS | ALWAYS | HOP_BY_HOP | CONDITIONAL | READ)
    assert b"traceparent" in noise([route()])


@pytest.mark.parametrize(
    "settings",
    [
        {"key": {"headers": ["X-Request-Id"]}},
        {"key": {"identity": ["x-request-id"]}},
        {"match": {"headers": {"X-Request-Id": "a.*"}}},
    ],
)
def test_what_any_route_reads_is_taken_off(settings):
    assert b"x-request-id" not in noise([route(), route(**settings)])
