"""Heat: what counts as a question that is asked, and what is remembered of it by whom."""

import pytest

from gateway.model.exchange import Exchange
from gateway.model.outcome import Outcome
from gateway.pipeline.heat import Heat
from gateway.pipeline.plan import Plan
from gateway.policy.asking import encode
from tests.support.eventually import eventually
from tests.support.pipeline import Rig, plan_settings, rigged
from tests.support.shelf import Shelf

ROUTE = {"name": "rag", "warm": {"top": 2}}
NOWHERE = "http://127.0.0.1:9"


class Store(Shelf):
    """A shelf that stays usable for the next rig."""

    async def close(self) -> None:
        pass


def ended(rig: Rig, body: bytes, outcome: Outcome = Outcome.HIT, *fields: tuple[bytes, bytes], **found) -> Exchange:
    x = rig.exchange(b"/rag", body, *fields)
    x.route, x.outcome = rig.pipeline.plan.settings.routes[0], outcome
    for name, value in found.items():
        setattr(x, name, value)
    return x


def heat_of(rig: Rig) -> Heat:
    return Heat(lambda: rig.pipeline.plan, rig.tiers, rig.clock)


def bodies(rig: Rig, heat: Heat) -> list[bytes]:
    return [one.body for one in heat.top(rig.pipeline.plan.settings.routes[0])]


async def test_the_hottest_come_first_and_no_more_than_are_wanted():
    async with rigged(NOWHERE, ROUTE) as rig:
        heat = heat_of(rig)
        for body in (b"1", b"2", b"2", b"3", b"3", b"3"):
            heat.note(ended(rig, body))
        assert bodies(rig, heat) == [b"3", b"2"]


@pytest.mark.parametrize(
    ("outcome", "found", "counts"),
    [
        (Outcome.HIT, {}, True),
        (Outcome.STALE, {}, True),
        (Outcome.COLLAPSED, {}, True),
        (Outcome.MISS, {"stored": True}, True),
        (Outcome.MISS, {}, False),
        (Outcome.EMPTY, {}, False),
        (Outcome.BYPASS, {}, False),
        (Outcome.REJECTED, {}, False),
        (Outcome.ERROR, {}, False),
        (Outcome.HIT, {"items": 3}, False),
        (Outcome.HIT, {"route": None}, False),
    ],
)
async def test_only_what_is_answered_from_the_cache_counts(outcome, found, counts):
    async with rigged(NOWHERE, ROUTE) as rig:
        heat = heat_of(rig)
        heat.note(ended(rig, b"1", outcome, **found))
        assert bool(bodies(rig, heat)) is counts


async def test_a_route_that_wants_none_is_not_counted():
    async with rigged(NOWHERE) as rig:
        heat = heat_of(rig)
        heat.note(ended(rig, b"1"))
        assert heat.wanted() == []
        assert bodies(rig, heat) == []


async def test_spellings_of_one_question_are_one():
    async with rigged(NOWHERE, ROUTE) as rig:
        heat = heat_of(rig)
        heat.note(ended(rig, b'{"a": 1, "b": 2}'))
        heat.note(ended(rig, b'{"b":2,"a":1}'))
        assert bodies(rig, heat) == [b'{"a": 1, "b": 2}']


async def test_what_is_hot_is_known_after_a_restart_and_by_others_and_nobody_who_asked_is():
    shelf = Store()
    async with rigged(NOWHERE, ROUTE, store=shelf) as rig:
        heat = heat_of(rig)
        heat.note(ended(rig, b'"mine"', Outcome.HIT, (b"Authorization", b"Bearer s3cret")))
        for body in (b'"rare"', b'"hot"', b'"hot"', b'"warm"', b'"warm"'):
            heat.note(ended(rig, body, Outcome.HIT, (b"X-Odd", b"s3cret")))
        heat.note(ended(rig, b'"hot"'))
        await heat.share()
        await eventually(lambda: shelf.rows)
    assert b"s3cret" not in b"".join(value for value, _ in shelf.rows.values())
    async with rigged(NOWHERE, ROUTE, store=shelf) as rig:
        other = heat_of(rig)
        for _ in range(9):
            other.note(ended(rig, b'"theirs"'))
        await other.share()
        assert bodies(rig, other) == [b'"theirs"', b'"hot"']
        assert not len(rig.tiers._memory)  # the record is nobody's answer
    async with rigged(NOWHERE, ROUTE, store=shelf) as rig:
        third = heat_of(rig)
        await third.load()
        assert bodies(rig, third) == [b'"theirs"', b'"hot"']


async def test_a_record_that_is_odd_or_out_of_reach_is_none():
    shelf = Store()
    async with rigged(NOWHERE, ROUTE, store=shelf) as rig:
        heat = heat_of(rig)
        heat.note(ended(rig, b"1"))
        await heat.share()
        await eventually(lambda: shelf.rows)
        (key, (value, until)), *_ = shelf.rows.items()
        for odd in (b"", b"rf", value[:-1], value[:60] + b"\xff" + value[61:]):
            shelf.rows[key] = odd, until
            fresh = heat_of(rig)
            await fresh.load()
            assert bodies(rig, fresh) == []
        shelf.broken = True
        await fresh.load()
        assert bodies(rig, fresh) == []


async def test_a_record_of_what_the_route_would_not_remember_is_not_believed():
    shelf = Store()
    async with rigged(NOWHERE, ROUTE, store=shelf) as rig:
        heat = heat_of(rig)
        heat.note(ended(rig, b"1"))
        (one,) = heat.top(rig.pipeline.plan.settings.routes[0])
        await heat.share()
        await eventually(lambda: shelf.rows)
        (key,) = shelf.rows
        record = await rig.tiers.record(key)
        assert record is not None
        foreign = type(one)(one.method, one.target, one.scheme, one.authority, ((b"Authorization", b"x"),), one.body)
        record.body = encode([(foreign, 5.0)])
        rig.tiers.keep_record(key, record)
        fresh = heat_of(rig)
        await eventually(lambda: shelf.asked("write") == [1, 1])
        await fresh.load()
        assert bodies(rig, fresh) == []


async def test_what_was_hot_fades_and_a_route_that_wants_none_any_more_is_forgotten():
    async with rigged(NOWHERE, ROUTE) as rig:
        heat = heat_of(rig)
        for body in (b"1", b"1", b"1", b"1", b"2"):
            heat.note(ended(rig, body))
        heat.fade(0.25)
        heat.note(ended(rig, b"2"))
        assert bodies(rig, heat) == [b"2", b"1"]
        upstreams = rig.pipeline.plan.upstreams
        rig.pipeline.plan = Plan(plan_settings(NOWHERE, {"name": "rag"}), upstreams)
        heat.fade(1.0)
        rig.pipeline.plan = Plan(plan_settings(NOWHERE, ROUTE), upstreams)
        assert bodies(rig, heat) == []


async def test_what_has_been_written_fades_too_whoever_wrote_it():
    shelf = Store()
    async with rigged(NOWHERE, ROUTE, store=shelf) as rig:
        one, other = heat_of(rig), heat_of(rig)
        for _ in range(8):
            one.note(ended(rig, b"1"))
        for number in range(3):
            for heat in (one, other):
                written = len(shelf.asked("write"))
                await heat.share(0.5)
                await eventually(lambda written=written: len(shelf.asked("write")) > written)
            for heat in (one, other):
                hottest = heat._of(rig.pipeline.plan.settings.routes[0])
                assert [count for _, count in hottest.top(2)] in ([8 * 0.5 ** (number + 1)], [8 * 0.5 ** (number + 2)])
