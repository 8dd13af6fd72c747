"""Parse lane: what memory has is answered on the spot; anything else goes on, with what was found out about it."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from aiohttp.base_protocol import BaseProtocol

from gateway.listeners.hitlane import HitLane
from gateway.listeners.parselane import Asked, ParseLane
from gateway.model.exchange import Exchange
from gateway.model.outcome import Outcome
from gateway.model.settings.tiers import HitLaneSettings
from gateway.observe.tally import Tally
from gateway.policy.noise import noise
from gateway.wire.intake import RequestIntake
from tests.support.gateway import post
from tests.support.pipeline import Rig, rigged
from tests.support.upstream import Asked as Got
from tests.support.upstream import ScriptedUpstream, Wire

QUESTION = b'{"q": 1}'
ROUTE = {"name": "rag", "key": {"max_body": "32KiB"}}


async def answers(asked: Got, wire: Wire) -> None:
    await wire.json(b'{"a": 1}', b"Cache-Control: private" if b"private" in asked.body else b"X: y")


class Bench:
    """A parse lane before a pipeline, and what it told."""

    def __init__(self, rig: Rig, lane: HitLane | None = None) -> None:
        self.rig = rig
        self.told: list[Exchange] = []
        self.lane = ParseLane(rig.pipeline, lambda x, _: self.told.append(x), lane, rig.clock)

    async def store(self) -> None:
        """The question is asked and answered."""
        await self.rig.ask(b"/rag", QUESTION, (b"Content-Type", b"application/json"), authority=b"gw")

    def ask(self, data: bytes, raw: bool = True):
        loop = asyncio.get_running_loop()
        intake = RequestIntake(BaseProtocol(loop), loop, max_head=1 << 16, max_fields=100, max_target=1000)
        ((request, body),), *_ = intake.feed_data(data)
        return self.lane.ask(request, body, data if raw else None)


@asynccontextmanager
async def bench(*routes, lane: HitLane | None = None):
    async with ScriptedUpstream(answers) as service, rigged(service.url, *(routes or (ROUTE,))) as rig:
        yield Bench(rig, lane)


async def test_what_was_stored_is_answered_whatever_its_spelling():
    async with bench() as tested:
        assert isinstance(tested.ask(post(b"/rag", QUESTION)), Asked)
        await tested.store()
        for request in (
            post(b"/rag", QUESTION),
            post(b"/rag", b'{ "q":1 }'),
            post(b"/rag", QUESTION, b"X-Unknown: 1"),
            post(b"/rag", QUESTION, b"Connection: keep-alive"),
        ):
            head, body = tested.ask(request)
            assert head.startswith(b"HTTP/1.1 200 OK\r\n")
            assert b"Cache-Status: ragfront; hit; ttl=" in head
            assert body == b'{"a": 1}'
        assert [(x.outcome, x.tier, x.status, x.sent, x.route.name) for x in tested.told] == [
            (Outcome.HIT, "memory", 200, 8, "rag")
        ] * 4


@pytest.mark.parametrize(
    "request_",
    [
        post(b"/rag", QUESTION, b"Connection: close"),
        post(b"/rag", QUESTION, b"Expect: 100-continue"),
        post(b"/rag", QUESTION).replace(b"HTTP/1.1", b"HTTP/1.0"),
        post(b"/rag", QUESTION).replace(b"POST", b"HEAD"),
        post(b"/rag", b'"%b"' % (b"x" * (33 << 10))),
        post(b"/rag", QUESTION)[:-1],
        b"POST /rag HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n" + QUESTION + b"\r\n0\r\n\r\n",
        post(b"/other", QUESTION),
    ],
)
async def test_others_go_on_as_they_came(request_):
    async with bench() as tested:
        await tested.store()
        assert not isinstance(tested.ask(request_), tuple | Asked)


@pytest.mark.parametrize(
    ("request_", "route"),
    [
        (post(b"/rag", QUESTION, b"Authorization: Bearer b"), {}),
        (post(b"/rag", b'{"q": 2}'), {}),
        (post(b"/rag", QUESTION, b"Range: bytes=0-1"), {}),
        (post(b"/rag", QUESTION), {"cache": {"mode": "shadow"}}),
        (post(b"/rag", QUESTION), {"bypass_when": [{"pointer": "/q"}]}),
    ],
)
async def test_what_memory_does_not_answer_goes_on_with_its_body_and_its_question(request_, route):
    async with bench({**ROUTE, **route}) as tested:
        await tested.store()
        before = tested.rig.tiers.stats().memory
        asked = tested.ask(request_)
        assert isinstance(asked, Asked)
        assert asked.x.body == request_.partition(b"\r\n\r\n")[2]
        assert asked.question is not None
        assert asked.question.rule is not None
        assert not tested.told
        assert tested.rig.tiers.stats().memory == before  # it is counted when it is looked up for good


async def test_a_client_that_wants_no_stored_answer_goes_on():
    async with bench({**ROUTE, "cache": {"request_directives": "respect"}}) as tested:
        await tested.store()
        assert isinstance(tested.ask(post(b"/rag", QUESTION, b"Cache-Control: no-cache")), Asked)


async def test_a_route_that_is_off_goes_on_unread():
    async with bench({**ROUTE, "cache": {"mode": "off"}}) as tested:
        assert not isinstance(tested.ask(post(b"/rag", QUESTION)), tuple | Asked)


async def test_a_stale_entry_is_not_for_the_lane():
    async with bench() as tested:
        await tested.store()
        tested.rig.clock.now += 700
        assert isinstance(tested.ask(post(b"/rag", QUESTION)), Asked)


async def test_a_bug_is_left_to_the_ordinary_way(monkeypatch):
    async with bench() as tested:
        monkeypatch.setattr("gateway.pipeline.recall.parse", lambda _: 1 / 0)
        asked = tested.ask(post(b"/rag", QUESTION))
        assert isinstance(asked, Asked)
        assert asked.question is None


async def test_what_it_has_answered_is_learned():
    learned = HitLane(HitLaneSettings(), lambda *_: None, lambda *_: None, lambda *_: Tally(), noise([]), timing=False)
    async with bench(lane=learned) as tested:
        await tested.store()
        tested.ask(post(b"/rag", QUESTION), raw=False)
        assert len(learned._folded) == 0
        tested.ask(post(b"/rag", QUESTION))
        assert len(learned._folded) == 1
