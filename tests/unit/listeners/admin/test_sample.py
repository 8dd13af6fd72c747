"""Samples: read by the rules for real requests."""

import pytest
from pydantic import ValidationError

from gateway.listeners.admin.problem import Refused
from gateway.listeners.admin.sample import Sample, exchange

LISTEN = "127.0.0.1:8080"


def test_a_sample_is_what_a_client_would_send() -> None:
    x = exchange(Sample(path="/rag?a=1", body={"query": "ü"}, headers={"X-A": ["1", "2"]}), LISTEN, 7.0)
    assert (x.request.method, x.request.path, x.request.query) == (b"POST", b"/rag", b"a=1")
    assert x.request.fields.get(b"content-type") == b"application/json"
    assert x.request.fields.all(b"x-a") == [b"1", b"2"]
    assert (x.request.authority, x.request.scheme, x.now) == (b"127.0.0.1:8080", b"http", 7.0)
    assert x.body == '{"query":"ü"}'.encode()


@pytest.mark.parametrize(
    ("listen", "host"), [("[::1]:80", b"[::1]:80"), ("unix:/run/x", b"localhost"), ("0.0.0.0:1", b"0.0.0.0:1")]
)
def test_by_default_the_listener_is_asked(listen: str, host: bytes) -> None:
    assert exchange(Sample(path="/"), listen, 0.0).request.authority == host


def test_what_is_stated_stays() -> None:
    sample = Sample(path="/", method="GET", host="a.example", text="x", headers={"content-type": "text/plain"})
    request = exchange(sample, LISTEN, 0.0).request
    assert (request.authority, request.fields.all(b"content-type")) == (b"a.example", [b"text/plain"])
    assert exchange(Sample(path="/", body=None), LISTEN, 0.0).body == b"null"
    assert exchange(Sample(path="/"), LISTEN, 0.0).body == b""
    assert exchange(Sample(path="/", headers={"Host": "b"}), LISTEN, 0.0).request.authority == b"b"


@pytest.mark.parametrize(
    "wrong",
    [{"path": "x"}, {"path": "/a b"}, {"path": "/", "headers": {"a b": "c"}}, {"path": "/", "headers": {"a": "\n"}}],
)
def test_what_would_be_two_requests_is_none(wrong: dict) -> None:
    with pytest.raises(ValidationError):
        Sample.model_validate(wrong)


@pytest.mark.parametrize(
    "wrong", [{"path": "/", "headers": {"Host": ["a", "b"]}}, {"path": "/", "body": 1, "text": "x"}]
)
def test_what_the_gateway_would_refuse_is_refused(wrong: dict) -> None:
    with pytest.raises(Refused):
        exchange(Sample.model_validate(wrong), LISTEN, 0.0)
