"""Purges: what is named by which order, by version; and what happens when there are too many to remember."""

import pytest

from gateway.policy.purges import GONE, UNTOUCHED, Names, Order, Purge, Purges, Scope, void
from gateway.policy.tags import EVERY

KEY, PRIMARY = b"k" * 32, b"p" * 32
NAMES = Names("ask", (KEY, PRIMARY), ("doc:kb1/7", "lang:de"))


def known(*orders: Order, first: int = 11) -> Purges:
    purges = Purges()
    purges.begin(1)
    for number, order in enumerate(orders):
        purges.add(Purge(first + number, order, 1000.0 + number))
    return purges


@pytest.mark.parametrize(
    ("order", "named"),
    [
        (Order(Scope.ALL), True),
        (Order(Scope.ROUTE, "ask"), True),
        (Order(Scope.ROUTE, "other"), False),
        (Order(Scope.KEY, KEY.hex()), True),
        (Order(Scope.KEY, PRIMARY.hex()), True),
        (Order(Scope.KEY, "00" * 32), False),
        (void("ask", KEY), True),
        (void("ask", PRIMARY), True),
        (void("other", KEY), False),
        (Order(Scope.TAG, "doc:kb1/7"), True),
        (Order(Scope.TAG, "doc:kb1/*"), True),
        (Order(Scope.TAG, "doc:kb1/7*"), True),
        (Order(Scope.TAG, "*"), True),
        (Order(Scope.TAG, "doc:kb1"), False),
        (Order(Scope.TAG, "doc:kb1/77*"), False),
        (Order(Scope.TAG, "ask"), False),
    ],
)
def test_an_order_takes_what_it_names_and_is_older(order: Order, named: bool):
    assert known(order).judge(10, NAMES) == (GONE if named else UNTOUCHED)
    assert known(order).judge(11, NAMES) == UNTOUCHED
    assert known(order._replace(expire=True)).judge(10, NAMES) == (1000.0 if named else UNTOUCHED)
    assert known(order._replace(expire=True)).judge(11, NAMES) == UNTOUCHED


def test_tags_name_no_entry_without_any():
    bare = Names("ask", (KEY,))
    assert known(Order(Scope.TAG, "*")).judge(10, bare) == UNTOUCHED


def test_an_entry_whose_tags_are_not_all_known_is_taken_by_any_tag():
    every = Names("ask", (KEY,), ("a", EVERY))
    assert known(Order(Scope.TAG, "doc:9")).judge(10, every) == GONE
    assert known(Order(Scope.TAG, "doc:9", expire=True)).judge(10, every) == 1000.0
    assert known(Order(Scope.ROUTE, "other")).judge(10, every) == UNTOUCHED


def test_what_is_older_than_the_floor_is_gone_and_the_floor_itself_is_not():
    purges = Purges()
    purges.begin(5)
    assert purges.judge(4, NAMES) == GONE
    purges.add(Purge(6, Order(Scope.ROUTE, "other"), 1000.0))
    assert purges.judge(5, NAMES) == UNTOUCHED


def test_a_removal_outweighs_an_expiry_whichever_came_first():
    expire, remove = Order(Scope.ROUTE, "ask", expire=True), Order(Scope.TAG, "lang:de")
    assert known(expire, remove).judge(10, NAMES) == GONE
    assert known(remove, expire).judge(10, NAMES) == GONE
    assert known(remove, expire).judge(11, NAMES) == 1001.0


def test_an_entry_is_stale_since_the_first_expiry_after_it_was_made():
    purges = known(*[Order(Scope.ROUTE, "ask", expire=True)] * 3)
    assert [purges.judge(version, NAMES) for version in (10, 11, 12, 13)] == [1000.0, 1001.0, 1002.0, UNTOUCHED]


def test_the_same_removal_again_takes_no_further_room():
    purges = known(*[Order(Scope.TAG, "lang:de")] * 50)
    assert len(purges) == 1
    assert purges.newest == 60
    assert purges.judge(59, NAMES) == GONE


def test_a_purge_of_everything_leaves_nothing_to_remember():
    purges = known(Order(Scope.TAG, "a"), Order(Scope.ALL))
    assert (len(purges), purges.floor, purges.newest) == (0, 12, 12)


def test_too_many_make_the_older_half_a_floor():
    purges = Purges(most=10)
    for version in range(1, 12):
        purges.add(Purge(version, Order(Scope.TAG, f"doc:{version}"), float(version)))
    assert len(purges) <= 6
    assert purges.newest == 11
    nothing = Names("ask", (KEY,))
    assert purges.judge(purges.floor - 1, nothing) == GONE
    assert purges.judge(purges.floor, nothing) == UNTOUCHED
    assert purges.judge(10, Names("ask", (KEY,), ("doc:11",))) == GONE


def test_what_nothing_can_outlive_is_forgotten_and_the_floor_stands_for_it():
    purges = known(Order(Scope.TAG, "a"), Order(Scope.TAG, "b"), Order(Scope.TAG, "c"))
    purges.outlive(1001.5)
    assert [purge.order.value for purge in purges] == ["c"]
    assert (purges.floor, purges.newest) == (12, 13)


def test_it_tells_what_it_knows_so_that_another_can_know_the_same():
    purges = known(Order(Scope.TAG, "a"), Order(Scope.ROUTE, "ask", expire=True), Order(Scope.TAG, "x/*"))
    other = Purges()
    other.begin(purges.floor, purges)
    assert list(other) == list(purges)
    assert other.judge(10, NAMES) == purges.judge(10, NAMES)


def test_too_many_voids_are_at_the_cost_of_their_route_alone():
    purges = Purges(most=100)
    purges.begin(1)
    purges.add(Purge(2, Order(Scope.TAG, "doc:a"), 0.0))
    for number in range(1000):
        purges.add(Purge(number + 3, void("http", number.to_bytes(32)), 0.0))
    assert purges.floor == 1
    assert len(purges) == len(list(purges)) <= 100
    assert purges.judge(1, Names("ask", (KEY,))) == UNTOUCHED
    assert purges.judge(1, Names("ask", (KEY,), ("doc:a",))) == GONE
    assert purges.judge(3, Names("http", (KEY,))) == GONE
    assert purges.judge(990, Names("http", (KEY,))) == UNTOUCHED
    assert all(purges.judge(n, Names("http", (n.to_bytes(32),))) == GONE for n in range(1000))
    again = Purges(most=100)
    again.begin(purges.floor, purges)
    assert list(again) == list(purges)
