"""Sampler: the next request is noted, whichever way it goes, and then nobody listens any more."""

import asyncio

import pytest

from gateway.listeners.hitlane import HitLane
from gateway.listeners.observer import Observer
from gateway.listeners.sampler import Sampler
from gateway.model.exchange import Exchange
from gateway.model.outcome import Outcome
from gateway.model.settings.tiers import HitLaneSettings
from gateway.observe.accesslog import AccessLog
from gateway.observe.metrics import Metrics
from gateway.policy.noise import noise
from gateway.wire.head import request_head
from tests.support.exchanges import finished
from tests.support.policy import entry, route

DATA = b'POST /rag HTTP/1.1\r\nHost: gw\r\nContent-Length: 14\r\n\r\n{"query": "q"}'


def lane_for(observer: Observer, metrics: Metrics) -> HitLane:
    stored = entry()
    log = observer.hit if observer.logs else None
    made = HitLane(
        HitLaneSettings(),
        lambda key, now: stored,
        lambda *_: None,
        metrics.tally,
        noise([]),
        False,
        log,
        clock=lambda: 1100.0,
    )
    end = DATA.index(b"\r\n\r\n") + 2
    x = Exchange(request_head(DATA[:end], 100, 1000, "192.0.2.1"), 0.0, 1100.0, route=route(), key=b"key")
    made.learn(DATA, x, stored)
    return made


@pytest.mark.parametrize("logged", [False, True])
async def test_a_hit_on_the_lane_is_noted_once_with_its_body(logged, tmp_path):
    metrics, noted = Metrics(), []
    access = AccessLog(str(tmp_path / "log")) if logged else None
    observer = Observer(metrics, access)
    lane = lane_for(observer, metrics)
    sampler = Sampler(observer, lane, noted.append, lambda: 0.5)
    usual = lane.log
    sampler.listen()
    for _ in range(3):
        assert lane.answer(DATA, "192.0.2.1") is not None
        assert not noted or len(noted) == 1
        await asyncio.sleep(0)  # noted outside of the request's way
    (x,) = noted
    assert (x.request.path, x.body, x.outcome, x.route.name) == (b"/rag", b'{"query": "q"}', Outcome.HIT, "ask")
    assert lane.log == usual
    if access is not None:
        access.close()
        assert len((tmp_path / "log").read_text().splitlines()) == 3


async def test_a_request_on_the_ordinary_way_is_noted_and_frees_the_lane():
    metrics, noted = Metrics(), []
    observer = Observer(metrics, None)
    lane = lane_for(observer, metrics)
    Sampler(observer, lane, noted.append, lambda: 0.5).listen()
    x = finished(outcome=Outcome.MISS)
    observer.tell(x, 0.1)
    observer.tell(finished(), 0.1)
    await asyncio.sleep(0)
    assert noted == [x]
    assert lane.log is None
    observer.tell(finished(), 0.1)
    await asyncio.sleep(0)
    assert len(noted) == 1


async def test_it_listens_at_random_moments_while_samples_are_wanted():
    observer, pauses, wanted = Observer(Metrics(), None), [], [False, True, True]

    async def sleep(seconds: float) -> None:
        pauses.append((seconds, observer.next is not None))
        observer.next = None
        await asyncio.sleep(0)

    sampler = Sampler(observer, None, lambda x: None, lambda: 0.5, sleep)
    running = asyncio.create_task(sampler.run(lambda: wanted.pop(0) if wanted else False))
    while len(pauses) < 4:
        await asyncio.sleep(0)
    running.cancel()
    assert [(round(seconds, 3), listened) for seconds, listened in pauses[:4]] == [
        (5.0, False), (0.035, False), (0.035, True), (5.0, True),
    ]  # fmt: skip


async def test_it_does_without_a_lane():
    observer, noted = Observer(Metrics(), None), []
    Sampler(observer, None, noted.append, lambda: 0.5).listen()
    observer.tell(finished(), 0.1)
    await asyncio.sleep(0)
    assert len(noted) == 1
