from typing import Any

import pytest

from gateway.model.fields import Pairs
from gateway.model.outcome import Reason
from gateway.policy.admission import Admission, admit
from gateway.policy.document import parse
from tests.support.policy import request, route

NOTHING = parse(b"")
STATEFUL = {"bypass_when": [{"pointer": "/conversation_id", "is_not": ""}]}
RESPECT = {"cache": {"request_directives": "respect"}}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ((), None),
        (((b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")), Reason.UPGRADE),
        (((b"Connection", b"Upgrade, HTTP2-Settings"), (b"Upgrade", b"h2c")), None),
        (((b"Content-Type", b"multipart/form-data; boundary=x"),), Reason.MULTIPART),
        (((b"Content-Type", b" Multipart/Mixed"),), Reason.MULTIPART),
        (((b"Content-Type", b"application/json"),), None),
        (((b"Content-Encoding", b"gzip"),), Reason.REQUEST_ENCODED),
        (((b"Content-Encoding", b"identity"), (b"Content-Encoding", b"gzip")), Reason.REQUEST_ENCODED),
        (((b"Content-Encoding", b"identity"),), None),
        (((b"Range", b"bytes=0-1"),), Reason.REQUEST_RANGE),
        (((b"Cache-Control", b"no-store"),), None),
    ],
)
def test_fields(fields: Pairs, reason: Reason | None) -> None:
    assert admit(route(), request(fields=fields), NOTHING) is reason


@pytest.mark.parametrize(
    ("method", "named", "reason"),
    [
        (b"GET", [], None),
        (b"HEAD", [], None),
        (b"POST", [], None),
        (b"QUERY", [], None),
        (b"PUT", [], Reason.REQUEST_METHOD),
        (b"DELETE", [], Reason.REQUEST_METHOD),
        (b"BREW", [], Reason.REQUEST_METHOD),
        (b"PUT", ["PUT"], None),
        (b"OPTIONS", ["OPTIONS"], Reason.REQUEST_METHOD),
        (b"TRACE", ["TRACE"], Reason.REQUEST_METHOD),
        (b"CONNECT", ["CONNECT"], Reason.UPGRADE),
    ],
)
def test_methods(method: bytes, named: list[str], reason: Reason | None) -> None:
    assert admit(route(match={"method": named}), request(method), NOTHING) is reason


def test_mode_off_comes_before_all_else() -> None:
    fields: Pairs = ((b"Range", b"bytes=0-1"),)
    assert admit(route(cache={"mode": "off"}), request(fields=fields), NOTHING) is Reason.MODE_OFF
    assert admit(route(cache={"mode": "shadow"}), request(), NOTHING) is None


@pytest.mark.parametrize(
    ("settings", "body", "reason"),
    [
        (STATEFUL, b'{"conversation_id":"c1"}', Reason.BYPASS_WHEN),
        (STATEFUL, b'{"conversation_id":""}', None),
        (STATEFUL, b"{}", None),
        (STATEFUL, b"", None),
        (STATEFUL, b'{"conversation_id":"c1","score":NaN}', Reason.BYPASS_WHEN),
        (STATEFUL, '{"conversation_id":"c1"}'.encode("utf-16"), Reason.BYPASS_WHEN),
        ({}, b'{"score":NaN}', None),
        ({}, b'{"q":1,"q":2}', Reason.DUPLICATE_MEMBERS),
        (STATEFUL, b'{"conversation_id":"c1","conversation_id":""}', Reason.DUPLICATE_MEMBERS),
    ],
)
def test_bodies(settings: dict[str, Any], body: bytes, reason: Reason | None) -> None:
    assert Admission(route(**settings)).check(request(), parse(body)) is reason


@pytest.mark.parametrize(
    ("settings", "value", "reason"),
    [
        (RESPECT, b"max-age=0, No-Store", Reason.REQUEST_NO_STORE),
        (RESPECT, b"no-cache", None),
        ({}, b"no-store", None),
    ],
)
def test_request_no_store_counts_where_the_route_says_so(
    settings: dict[str, Any], value: bytes, reason: Reason | None
) -> None:
    assert admit(route(**settings), request(fields=((b"Cache-Control", value),)), NOTHING) is reason
