"""Calls: the message that goes upstream, for one client or for all who ask the same."""

import pytest

from gateway.model.exchange import Exchange
from gateway.model.fields import Fields, Pairs
from gateway.model.settings.upstream import UpstreamSettings
from gateway.pipeline import calls
from gateway.pipeline.plan import Plan
from gateway.upstream.call import Call
from gateway.upstream.fetch import Upstream
from gateway.wire.head import ResponseHead
from tests.support.pipeline import plan_settings
from tests.support.policy import request
from tests.support.talk import Calls

ADDED = {b"Via", b"X-Forwarded-For", b"X-Forwarded-Proto", b"X-Forwarded-Host"}


@pytest.fixture
async def plan():
    settings = plan_settings("http://up:1", {"name": "rag"})
    upstream = Upstream("rag", settings.upstreams["rag"], Calls())
    yield Plan(settings, {"rag": upstream})
    await upstream.close()


async def nothing():
    return
    yield b""


def exchange(*fields: tuple[bytes, bytes], target: bytes = b"/rag?q=%2F", method: bytes = b"POST", **more) -> Exchange:
    return Exchange(request(method, target, ((b"Host", b"gw"), *fields), authority=b"gw"), 0, 0, **more)


def sent(call: Call) -> Pairs:
    return tuple(pair for pair in call.fields(b"up:1") if pair[0] not in ADDED)


async def test_an_answer_for_all_is_asked_for_without_what_concerns_one_client(plan):
    asking = exchange(
        (b"If-None-Match", b'"x"'), (b"Range", b"bytes=0-1"), (b"Expect", b"100-continue"), (b"X", b"y"),
        (b"Accept-Encoding", b"br, gzip;q=0.5, zstd"), body=b"{}",
    )  # fmt: skip
    call = calls.for_fill(plan, asking, plan.default)
    assert sent(call) == ((b"Host", b"gw"), (b"X", b"y"), (b"Accept-Encoding", b"gzip;q=0.5, zstd"))
    assert (call.method, call.target, call.body, call.repeatable) == (b"POST", b"/rag?q=%2F", b"{}", True)


async def test_a_relay_passes_on_what_the_client_sent(plan):
    asking = exchange((b"If-None-Match", b'"x"'), (b"Accept-Encoding", b"br"), (b"Connection", b"X"), (b"X", b"y"))
    assert sent(calls.for_relay(plan, asking, plan.default)) == (
        (b"Host", b"gw"), (b"If-None-Match", b'"x"'), (b"Accept-Encoding", b"br"),
    )  # fmt: skip


async def test_a_streamed_body_without_a_length_is_chunked(plan):
    asking = exchange((b"Transfer-Encoding", b"chunked"), rest=nothing(), length=None)
    call = calls.for_relay(plan, asking, plan.default)
    assert call.chunked
    assert sent(call)[-1] == (b"Transfer-Encoding", b"chunked")
    whole = calls.for_relay(plan, exchange((b"Transfer-Encoding", b"chunked"), body=b"abc", length=None), plan.default)
    assert not whole.chunked
    assert sent(whole)[-1] == (b"Content-Length", b"3")


@pytest.mark.parametrize(
    ("method", "streamed", "repeatable"),
    [(b"GET", False, True), (b"PUT", True, True), (b"POST", False, False), (b"POST", True, False)],
)
async def test_what_may_be_sent_twice(plan, method, streamed, repeatable):
    asking = exchange(method=method, rest=nothing() if streamed else None)
    assert calls.for_relay(plan, asking, plan.default).repeatable is repeatable


@pytest.mark.parametrize("streamed", [True, False])
async def test_expect_goes_on_only_where_the_body_is_still_to_come(plan, streamed):
    asking = exchange((b"Expect", b"100-continue"), rest=nothing() if streamed else None, expects=streamed, length=2)
    call = calls.for_relay(plan, asking, plan.default)
    assert call.expects is streamed
    assert ((b"Expect", b"100-continue") in sent(call)) is streamed


@pytest.mark.parametrize(
    ("target", "method", "wanted"),
    [
        (b"http://gw/a?b", b"GET", b"/a?b"),
        (b"http://gw", b"GET", b"/"),
        (b"*", b"OPTIONS", b"*"),
        (b"h:1", b"CONNECT", b"h:1"),
        (b"//a", b"GET", b"//a"),
    ],
)
async def test_the_target_goes_in_origin_form(plan, target, method, wanted):
    asking = exchange(target=target, method=method)
    if target.startswith(b"http"):
        asking.request.path, _, query = (target.partition(b"gw")[2] or b"/").partition(b"?")
        asking.request.query = query or None
    assert calls.for_relay(plan, asking, plan.default).target == wanted


async def test_an_upgrade_is_asked_for_and_said_to_be(plan):
    asking = exchange((b"Connection", b"Upgrade"), (b"Upgrade", b"websocket"), method=b"GET")
    call = calls.for_relay(plan, asking, plan.default)
    assert call.upgrade
    assert sent(call)[-2:] == ((b"Connection", b"upgrade"), (b"Upgrade", b"websocket"))
    assert not calls.for_relay(plan, exchange(), plan.default).upgrade


async def test_interim_answers_go_on_without_hop_by_hop_fields(plan):
    heard = []
    asking = exchange(interim=lambda *told: heard.append(told))
    call = calls.for_relay(plan, asking, plan.default)
    call.interim(ResponseHead(103, b"Early Hints", (1, 1), Fields([(b"Link", b"</a>"), (b"Connection", b"close")])))
    assert heard == [(103, b"Early Hints", ((b"Link", b"</a>"),))]
    assert calls.for_relay(plan, exchange(), plan.default).interim is None


async def test_calls_are_told_apart_only_where_they_are_to_meet():
    for balance, alike in (({}, None), ({"mode": "hash"}, b"key"), ({"mode": "hash", "pointer": "/q"}, b"hel")):
        settings = UpstreamSettings.model_validate(
            {"urls": ["http://a", "http://b"], "balance": balance | {"prefix": 3}}
        )
        upstream = Upstream("rag", settings, Calls())
        plan = Plan(plan_settings("http://a", {"name": "rag"}), {"rag": upstream})
        x = exchange(body=b'{"q": "hello"}')
        x.key = b"key"
        assert calls.for_fill(plan, x, upstream).affinity == alike
        assert calls.for_relay(plan, x, upstream).affinity == alike
        await upstream.close()
