"""Warm: who asks what, how fast, and what becomes of it."""

import asyncio
import logging
from collections import Counter

import pytest

from gateway.model.outcome import Outcome
from gateway.pipeline import warm
from gateway.pipeline.heat import Heat
from gateway.pipeline.warm import Warmed, Warmer
from tests.support.eventually import eventually
from tests.support.pipeline import Rig, rigged
from tests.support.shelf import Shelf
from tests.support.upstream import Asked, ScriptedUpstream, Wire

ROUTE = {"name": "rag", "warm": {"top": 20, "rate": "1000/s"}}


async def fine(asked: Asked, wire: Wire) -> None:
    await wire.json(b"{}")


class Store(Shelf):
    """A shelf that stays usable for the next rig."""

    async def close(self) -> None:
        pass


class Bench:
    """A warmer over a rig, and what it told. slept: each pause, none of which takes time."""

    def __init__(self, rig: Rig, worker: int = 0, of: int = 1) -> None:
        self.rig = rig
        self.told: Counter[tuple[str, str]] = Counter()
        self.slept: list[float] = []
        self.heat = Heat(lambda: rig.pipeline.plan, rig.tiers, rig.clock)
        self.warmer = Warmer(self.heat, rig.pipeline.warm, self._tell, worker, of, self._sleep)

    @property
    def route(self):
        return self.rig.pipeline.plan.settings.routes[0]

    def _tell(self, route: str, result: str) -> None:
        self.told[route, str(result)] += 1

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)

    def heard(self, *bodies: bytes) -> None:
        for body in bodies:
            x = self.rig.exchange(b"/rag", body)
            x.route, x.outcome = self.route, Outcome.HIT
            self.heat.note(x)

    async def warm(self) -> dict[str, int]:
        """Ask once; how many ended how."""
        self.told.clear()
        await self.warmer.warm(self.route)
        return {result: count for (_, result), count in self.told.items()}


async def test_what_is_in_no_tier_is_asked_once_and_the_rest_not_at_all():
    shelf = Store()
    async with ScriptedUpstream(fine) as service:
        async with rigged(service.url, ROUTE, store=shelf) as rig:
            for body in (b"1", b"2"):
                await rig.ask(b"/rag", body)
        async with rigged(service.url, ROUTE, store=shelf) as rig:
            bench = Bench(rig)
            await rig.ask(b"/rag", b"1")  # in memory; 2 is in the store
            bench.heard(b"1", b"2", b"3", b"4")
            assert await bench.warm() == {Warmed.PRESENT: 2, Warmed.STORED: 2}
            assert len(bench.slept) == 2
            assert await bench.warm() == {Warmed.PRESENT: 4}
            assert [asked.body for asked in service.asked] == [b"1", b"2", b"3", b"4"]
            for body in (b"1", b"2", b"3", b"4"):
                x, _ = await rig.ask(b"/rag", body)
                assert (x.outcome, x.tier) == (Outcome.HIT, "memory")


async def test_after_a_purge_the_hottest_are_asked_again_and_first():
    async with ScriptedUpstream(fine) as service, rigged(service.url, ROUTE) as rig:
        bench = Bench(rig)
        bench.heard(b"1", b"2", b"2", b"3", b"3", b"3")
        await bench.warm()
        for body in (b"1", b"2", b"3"):
            x, _ = await rig.ask(b"/rag", body)
            rig.tiers.forget(x.key)
        service.asked.clear()
        running = asyncio.create_task(bench.warmer.run())
        await eventually(lambda: len(service.asked) == 3)  # what run() begins with
        for body in (b"1", b"2", b"3"):
            x, _ = await rig.ask(b"/rag", body)
            rig.tiers.forget(x.key)
        service.asked.clear()
        bench.warmer.again("no-such-route")
        bench.warmer.again("rag")
        await eventually(lambda: len(service.asked) == 3)
        assert service.asked[0].body == b"3"
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_workers_share_them_out_and_pace_each_other():
    async with ScriptedUpstream(fine) as service, rigged(service.url, ROUTE) as rig:
        benches = [Bench(rig, worker, 3) for worker in range(3)]
        for bench in benches:
            bench.heard(*(b"%d" % number for number in range(20)))
            await bench.warm()
        assert sum(bench.told["rag", Warmed.STORED] for bench in benches) == 20
        assert all(bench.told.total() > 1 for bench in benches)
        assert {pause for bench in benches for pause in bench.slept} == {0.003}
    assert len(service.asked) == 20


async def test_where_there_is_no_free_turn_it_is_tried_again_and_given_up_at_last():
    limit = {"concurrency": {"mode": "fixed", "limit": 1, "queue": 5, "wait": "10s"}}
    async with ScriptedUpstream(fine) as service, rigged(service.url, ROUTE, **limit) as rig:
        gate, busy = asyncio.Event(), asyncio.Event()

        async def gated(asked: Asked, wire: Wire) -> None:
            if asked.line.startswith(b"POST /elsewhere"):
                busy.set()
                await gate.wait()
            await wire.json(b"{}")

        service.answer = gated
        other = asyncio.create_task(rig.ask(b"/elsewhere"))
        await busy.wait()
        bench = Bench(rig)
        bench.heard(b"1")
        assert await bench.warm() == {Warmed.SHED: 1}
        pauses = [pause for pause in bench.slept if pause >= 1]
        assert pauses == [1, 2, 4, 8, 16, 32]
        gate.set()
        await other
        assert await bench.warm() == {Warmed.STORED: 1}


async def test_it_costs_no_client_anything():
    route = ROUTE | {"budget": {"rate": "1/h", "burst": 1}}
    async with ScriptedUpstream(fine) as service, rigged(service.url, route) as rig:
        bench = Bench(rig)
        bench.heard(b"1", b"2", b"3")
        assert await bench.warm() == {Warmed.STORED: 3}
        x, _ = await rig.ask(b"/rag", b"4")
        assert x.outcome is Outcome.MISS


async def test_whoever_asks_meanwhile_shares_the_call():
    gate = asyncio.Event()

    async def gated(asked: Asked, wire: Wire) -> None:
        await gate.wait()
        await wire.json(b"{}")

    async with ScriptedUpstream(gated) as service, rigged(service.url, ROUTE) as rig:
        bench = Bench(rig)
        bench.heard(b"1")
        warming = asyncio.create_task(bench.warm())
        await service.until(lambda: len(service.asked) == 1)
        asking = asyncio.create_task(rig.ask(b"/rag", b"1"))
        await eventually(lambda: sum(flight.clients for flight in rig.pipeline.flights._flights.values()) == 2)
        gate.set()
        x, body = await asking
        assert (x.outcome, body) == (Outcome.COLLAPSED, b"{}")
        assert await warming == {Warmed.STORED: 1}
    assert len(service.asked) == 1


async def test_a_stream_is_ready_when_it_is_whole():
    route = ROUTE | {"stream": {"terminal": [{"data": "[DONE]"}]}}

    async def streams(asked: Asked, wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for event in (b"data: 1\n\n", b"data: [DONE]\n\n"):
            await wire.send(b"%x\r\n%b\r\n" % (len(event), event))
            await asyncio.sleep(0.01)
        await wire.send(b"0\r\n\r\n")

    async with ScriptedUpstream(streams) as service, rigged(service.url, route) as rig:
        bench = Bench(rig)
        bench.heard(b"1")
        assert await bench.warm() == {Warmed.STORED: 1}
        x, body = await rig.ask(b"/rag", b"1")
        assert (x.outcome, body) == (Outcome.HIT, b"data: 1\n\ndata: [DONE]\n\n")


async def test_variants_are_asked_each_for_itself():
    async def varies(asked: Asked, wire: Wire) -> None:
        await wire.json(b"%b" % (asked.get(b"accept-language") or b"0"), b"Vary: Accept-Language")

    async with ScriptedUpstream(varies) as service, rigged(service.url, ROUTE) as rig:
        bench = Bench(rig)
        bench.heard(b"1")
        assert await bench.warm() == {Warmed.STORED: 1}
        assert await bench.warm() == {Warmed.PRESENT: 1}


async def test_what_fails_and_what_may_not_be_stored_is_told_as_failed():
    async def bad(asked: Asked, wire: Wire) -> None:
        match asked.body:
            case b"1":
                await wire.json(b"{}", status=b"500 Internal Server Error")
            case b"2":
                await wire.json(b"{}", b"Cache-Control: no-store")
            case _:
                wire.reset()

    async with ScriptedUpstream(bad) as service, rigged(service.url, ROUTE) as rig:
        bench = Bench(rig)
        bench.heard(b"1", b"2", b"3")
        assert await bench.warm() == {Warmed.FAILED: 3}
    assert service.open == 0


@pytest.mark.parametrize("change", [{"match": {"path": "/new"}}, {"cache": {"mode": "off"}}, {"name": "other"}])
async def test_what_is_no_question_of_the_route_any_more_is_not_asked(change):
    from gateway.pipeline.plan import Plan
    from tests.support.pipeline import plan_settings

    async with ScriptedUpstream(fine) as service, rigged(service.url, ROUTE) as rig:
        bench = Bench(rig)
        bench.heard(b"1")
        route = bench.route
        rig.pipeline.plan = Plan(plan_settings(service.url, ROUTE | change), rig.pipeline.plan.upstreams)
        await bench.warmer.warm(route)
        assert bench.told == {("rag", Warmed.NOT_ASKED): 1}
    assert not service.asked


async def test_a_bug_ends_one_question_and_is_said(caplog, monkeypatch):
    async with ScriptedUpstream(fine) as service, rigged(service.url, ROUTE) as rig:
        bench = Bench(rig)
        bench.heard(b"1", b"2")
        monkeypatch.setattr("gateway.pipeline.recall.parse", lambda _: 1 / 0)
        with caplog.at_level(logging.ERROR):
            assert await bench.warm() == {Warmed.FAILED: 2}
        assert "could not be asked" in caplog.text


async def test_what_is_hot_is_written_down_every_now_and_then():
    shelf = Store()
    async with ScriptedUpstream(fine) as service, rigged(service.url, ROUTE, store=shelf) as rig:
        bench = Bench(rig)
        bench.heard(b"1")
        running = asyncio.create_task(bench.warmer.run())
        await eventually(lambda: len(shelf.rows) >= 2)  # the answer, and the record
        assert warm.SAVE_EVERY in bench.slept
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        fresh = Heat(lambda: rig.pipeline.plan, rig.tiers)
        await fresh.load()
        assert [one.body for one in fresh.top(bench.route)] == [b"1"]
