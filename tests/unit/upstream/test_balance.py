"""Balance: who is asked, by what is known; and one line in the log for each change."""

from random import Random

import pytest

from gateway.model.errors import NoReplica
from gateway.model.outcome import Reason
from tests.support.replicas import Rig


async def rig(count: int, **settings: object) -> Rig:
    return Rig(count, Random(1).random, **settings)


async def test_all_that_are_well_are_asked():
    assert (await rig(3)).picked() == "abc"


async def test_the_only_one_is_asked_again_and_again_whatever_it_says():
    made = await rig(1)
    for _ in range(100):
        made.call(made.a, 500)
    assert made.pick(but=made.a) is made.a
    assert made.a.ejections == 0


async def test_who_has_just_failed_is_asked_again_only_if_it_is_alone():
    made = await rig(2)
    assert made.picked(but=made.a) == "b"
    made.balance.drain(made.b, True, made.now)
    assert made.picked(but=made.a) == "a"


async def test_bad_answers_put_one_out_and_it_comes_back_by_itself():
    made = await rig(3)
    for _ in range(5):
        made.call(made.a, 500)
    assert made.picked() == "bc"
    made.now += 9.9
    assert made.picked() == "bc"
    made.now += 0.1
    assert made.picked() == "abc"
    made.call(made.a, 500)  # on trial
    assert made.picked() == "bc"
    assert made.a.ejections == 2


async def test_an_ejected_one_is_asked_where_the_other_has_just_failed():
    made = await rig(2)
    for _ in range(5):
        made.call(made.a, 500)
    assert made.picked() == "b"
    assert made.picked(but=made.b) == "a"


async def test_no_more_than_the_stated_share_is_put_out():
    made = await rig(4)
    for replica in made.replicas:
        for _ in range(8):
            made.call(replica, 503)
    assert made.picked() == "cd"


async def test_who_fails_health_checks_counts_as_out_already():
    made = await rig(2)
    made.balance.checked(made.a, False, made.now)
    assert made.picked() == "b"
    for _ in range(8):
        made.call(made.b, 500)
    assert made.picked() == "b"
    made.balance.checked(made.a, True, made.now)
    assert made.picked() == "ab"


async def test_all_out_all_are_used():
    made = await rig(3)
    for replica in made.replicas:
        made.balance.checked(replica, False, made.now)
    assert made.picked() == "abc"


async def test_where_one_gives_no_answers_the_breaker_opens_and_one_call_tries_it():
    made = await rig(2, breaker={"failures": 3, "open": "5s"}, ejection={"at_most": 0})
    for _ in range(3):
        made.call(made.a, None)
    assert made.picked() == "b"
    made.now += 5
    assert made.picked() == "ab"
    ticket = made.balance.began(made.a, made.now)
    assert made.picked() == "b"
    made.balance.answered(made.a, ticket, 200, made.now)
    made.a.pending -= 1
    assert made.picked() == "ab"


async def test_an_answer_that_says_500_is_an_answer():
    made = await rig(1, breaker={"failures": 3})
    for _ in range(10):
        made.call(made.a, 500)
    assert made.pick() is made.a


async def test_nobody_may_be_asked():
    made = await rig(1, breaker={"failures": 3, "open": "5s"})
    for _ in range(3):
        made.call(made.a, None)
    made.now += 1.5
    with pytest.raises(NoReplica) as error:
        made.pick()
    assert (error.value.reason, error.value.status, error.value.retry_after) == (Reason.BREAKER_OPEN, 503, 4)
    made.now += 3.5
    ticket = made.balance.began(made.pick(), made.now)
    with pytest.raises(NoReplica) as error:
        made.pick()
    assert error.value.retry_after == 1
    made.balance.unknown(made.a, ticket, made.now)
    assert made.pick() is made.a


async def test_drained_is_never_asked():
    made = await rig(2)
    made.balance.drain(made.a, True, made.now)
    assert made.picked() == "b"
    made.balance.drain(made.b, True, made.now)
    with pytest.raises(NoReplica) as error:
        made.pick()
    assert (error.value.reason, error.value.retry_after) == (Reason.DRAINED, 5)
    made.balance.drain(made.a, False, made.now)
    assert made.picked() == "a"


async def test_drained_ones_do_not_keep_a_breaker_from_saying_when():
    made = await rig(2, breaker={"failures": 1, "open": "60s"}, ejection={"at_most": 0})
    made.balance.drain(made.a, True, made.now)
    made.call(made.b, None)
    with pytest.raises(NoReplica) as error:
        made.pick()
    assert (error.value.reason, error.value.retry_after) == (Reason.BREAKER_OPEN, 60)


async def test_answers_that_break_off_count():
    made = await rig(2)
    for _ in range(5):
        made.balance.broke_off(made.a, made.now)
    assert made.picked() == "b"


async def test_like_requests_meet_and_others_do_not_move_when_one_goes():
    made = await rig(3, balance={"mode": "hash"})
    before = {key: made.pick(affinity=b"%d" % key).name for key in range(100)}
    assert set(before.values()) == {"a", "b", "c"}
    made.balance.drain(made.a, True, made.now)
    after = {key: made.pick(affinity=b"%d" % key).name for key in range(100)}
    assert all(after[key] == name for key, name in before.items() if name != "a")
    assert made.picked() == "bc"  # what is like nothing else goes to the less busy


async def test_each_change_is_one_line(caplog):
    caplog.set_level("INFO", "ragfront.upstream")
    made = await rig(2, breaker={"failures": 7, "open": "30s"})
    for _ in range(6):
        made.call(made.a, None)
    made.now += 10
    made.pick()
    made.call(made.a, None)
    made.now += 30
    made.call(made.a, 200)
    made.balance.checked(made.b, False, made.now)
    made.balance.drain(made.b, True, made.now)
    assert [record.message for record in caplog.records] == [
        "rag: http://a is out for 10 s: its answers are bad",
        "rag: http://a is in use again",
        "rag: http://a is not asked: no answer to 7 calls in a row",
        "rag: http://a is in use again",
        "rag: http://b is out: it failed its health checks",
        "rag: http://b is drained",
    ]
