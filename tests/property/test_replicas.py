"""Replicas, whatever happens to them in whatever order: who is asked, and what retries cost."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.errors import NoReplica
from gateway.model.settings.upstream import RetrySettings
from gateway.policy.balancing import by_hash, seed_of, two_choices
from gateway.policy.breaker import BreakerState
from gateway.policy.retries import RetryBudget
from tests.support.replicas import Rig
from tests.unit.policy.test_balancing import One, many

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["ok", "500", "silent", "cut", "drain", "enable", "ill", "well", "wait", "begin", "leave"]),
        st.integers(0, 3),
        st.floats(0, 40),
    ),
    max_size=60,
)


def happen(rig: Rig, what: str, index: int, seconds: float, under_way: list[tuple[int, int]]) -> None:
    replica, balance = rig.replicas[index % len(rig.replicas)], rig.balance
    match what:
        case "ok" | "500":
            rig.call(replica, 200 if what == "ok" else 500)
        case "silent":
            rig.call(replica, None)
        case "cut":
            balance.broke_off(replica, rig.now)
        case "drain" | "enable":
            balance.drain(replica, what == "drain", rig.now)
        case "ill" | "well":
            balance.checked(replica, what == "well", rig.now)
        case "wait":
            rig.now += seconds
        case "begin":
            under_way.append((rig.replicas.index(replica), balance.began(replica, rig.now)))
        case "leave" if under_way:
            at, ticket = under_way.pop()
            rig.replicas[at].pending -= 1
            balance.unknown(rig.replicas[at], ticket, rig.now)


@given(EVENTS, st.integers(1, 4), st.sampled_from(["least-pending", "hash"]), st.booleans(), st.integers(0, 2**32))
async def test_who_is_out_is_not_asked_while_another_is_there(events, count, mode, with_but, seed):
    settings = {"breaker": {"failures": 3}, "ejection": {"failures": 2, "at_most": 60}, "balance": {"mode": mode}}
    rig = Rig(count, Random(seed).random, **settings)
    under_way: list[tuple[int, int]] = []
    for number, (what, index, seconds) in enumerate(events):
        happen(rig, what, index, seconds, under_way)
        askable = {r for r in rig.replicas if not r.drained and r.breaker.admits(rig.now)}
        good = {r for r in askable if r.well and rig.now >= r.record.until}
        but = rig.replicas[index % count] if with_but else None
        if not askable:
            with pytest.raises(NoReplica) as error:
                rig.pick(affinity=b"%d" % number, but=but)
            assert error.value.retry_after >= 1
            continue
        picked = rig.pick(affinity=b"%d" % number, but=but)
        assert picked in askable
        if good - {but}:
            assert picked in good - {but}
        elif askable - {but}:
            assert picked is not but
        ejected = sum(rig.now < r.record.until for r in rig.replicas)
        assert ejected * 100 <= 60 * count


@given(EVENTS, st.integers(1, 4))
async def test_whatever_happened_all_are_asked_again_in_the_end(events, count):
    rig = Rig(count, Random(1).random, breaker={"failures": 3}, ejection={"failures": 2})
    under_way: list[tuple[int, int]] = []
    for what, index, seconds in events:
        happen(rig, what, index, seconds, under_way)
    while under_way:
        happen(rig, "leave", 0, 0, under_way)
    for replica in rig.replicas:
        rig.balance.drain(replica, False, rig.now)
        rig.balance.checked(replica, True, rig.now)
    rig.now += 1000
    for _ in range(40):
        rig.call(rig.pick(), 200)
    assert all(replica.breaker.state is BreakerState.CLOSED for replica in rig.replicas)
    assert rig.picked(200) == "abcd"[:count]


@given(st.integers(2, 8), st.integers(0, 2**32), st.integers(0, 400))
def test_two_choices_keep_calls_level(count, seed, calls):
    replicas, random = [One(f"r{index}") for index in range(count)], Random(seed)
    for _ in range(calls):
        two_choices(replicas, random.random).pending += 1
    assert max(replica.pending for replica in replicas) <= calls / count + 6


@given(st.integers(2, 8), st.data(), st.integers(0, 2**64 - 1))
def test_of_n_replicas_one_goes_and_its_keys_alone_move(count, data, salt):
    replicas = many(*[0] * count)
    gone = data.draw(st.sampled_from(replicas))
    left = [replica for replica in replicas if replica is not gone]
    keys = [seed_of(b"%d %d" % (salt, key)) for key in range(200)]
    before = [by_hash(replicas, key, 1000) for key in keys]
    assert all(by_hash(left, key, 1000) is old for key, old in zip(keys, before, strict=True) if old is not gone)
    moved = Counter(replica.name for replica in before)[gone.name]
    assert moved / len(keys) < 1 / count + 0.25


@given(st.lists(st.integers(0, 30), min_size=1, max_size=8), st.integers(0, 2**64 - 1), st.integers(100, 1000))
def test_hashing_never_picks_one_that_is_over_its_bound(pending, key, bound):
    replicas = many(*pending)
    picked = by_hash(replicas, key, bound)
    assert picked.pending * 100 * len(pending) < (sum(pending) + 1) * bound + 100 * len(pending)


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 10), st.floats(0, 3)), max_size=60),
    st.integers(0, 10), st.integers(0, 3), st.integers(0, 20),
)  # fmt: skip
def test_retries_never_cost_more_than_their_budget(turns, share, floor, burst):
    budget = RetryBudget(RetrySettings(share=share, floor=floor, burst=burst), 50.0)
    now, calls = 50.0, 0
    for begun, failed, seconds in turns:
        now += seconds
        for _ in range(begun):
            budget.called()
        calls += begun
        for _ in range(failed):
            budget.allows(now)
        assert budget.allowed <= burst + share * calls / 100 + floor * (now - 50.0) + 1e-6
