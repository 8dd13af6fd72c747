"""Book: what rows say, whether they go on from what is known, and what a ledger lacks that was known before."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.control.book import Book, Override, begin, write
from gateway.control.store import Row
from gateway.policy.purges import Names, Order, Purges, Scope

OVERRIDE = Override("rag", {"cache": {"ttl": "1m"}}, None, "why", "me", 5.0)
TABLE = {"rag": OVERRIDE}


def tag(value: str) -> tuple[Order, float]:
    return Order(Scope.TAG, value), 1000.0


def book(*rows: Row) -> Book:
    made = Book(Purges())
    made.add(rows)
    return made


def gone(known: Book, value: str, version: int) -> bool:
    return known.purges.judge(version, Names("ask", (), (value,))) < 0


def history() -> list[Row]:
    return [begin(10), *write(10, 20, [tag("a"), TABLE]), *write(21, 30, [tag("b")])]


def test_rows_say_what_they_were_made_of():
    known = book(*history())
    assert known.version == 30
    assert known.overrides == TABLE
    assert gone(known, "a", 19)
    assert not gone(known, "a", 20)
    assert gone(known, "b", 29)
    assert gone(known, "other", 9)


def test_rows_that_go_on_from_what_is_known_are_told_from_others():
    known = book(*history()[:3])
    assert known.goes_on(history()[3:])
    assert known.goes_on([])
    assert not known.goes_on(history()[2:])
    assert not known.goes_on(write(25, 26, [tag("c")]))


def test_what_is_known_can_be_written_as_a_ledger_of_its_own():
    known = book(*history())
    other = book(*known.whole())
    assert (other.version, other.overrides) == (known.version, known.overrides)
    assert list(other.purges) == list(known.purges)
    assert other.goes_on(write(known.version, 40, [tag("c")]))


def test_overrides_outlast_a_purge_of_everything():
    known = book(*history(), *write(30, 40, [(Order(Scope.ALL), 1000.0)]))
    again = book(*known.whole())
    assert (again.version, again.overrides) == (40, TABLE)
    assert book(*again.whole()).overrides == TABLE


def test_a_ledger_that_begins_anew_takes_what_is_older_and_lacks_the_overrides():
    known = book(*history())
    change, lacking = known.merge([begin(100)])
    assert lacking.orders == ()
    assert lacking.overrides == TABLE
    assert gone(known, "other", 99)
    assert change.purges[0].order == Order(Scope.ALL)
    assert known.version == 100


def test_a_ledger_that_was_restored_from_an_older_copy_and_gone_on_with_lacks_what_came_between():
    known = book(*history())
    theirs = [*history()[:3], *write(21, 50, [tag("c")])]
    change, lacking = known.merge(theirs)
    assert [order.value for order, _ in lacking.orders] == ["b"]
    assert lacking.overrides is None
    assert [purge.order.value for purge in change.purges] == ["c"]
    assert all(gone(known, value, 19) for value in "abc")
    assert known.version == 50


def test_the_newer_overrides_win():
    newer = {"rag": Override("rag", {}, None, "newer", "you", 9.0)}
    known = book(*history())
    _, lacking = known.merge([*history()[:3], *write(21, 60, [newer])])
    assert (known.overrides, lacking.overrides) == (newer, None)


def test_a_purge_of_everything_that_the_ledger_lost_is_lacking():
    known = book(*history(), *write(30, 40, [(Order(Scope.ALL), 1000.0)]))
    _, lacking = known.merge([*history(), *write(30, 50, [tag("c")])])
    assert [order for order, _ in lacking.orders] == [Order(Scope.ALL)]
    assert gone(known, "other", 39)


orders = st.lists(st.sampled_from(["a", "b", "c"]), max_size=6)


@given(orders, orders, orders)
def test_whatever_became_of_the_ledger_nothing_that_was_purged_comes_back(shared, mine, theirs):
    """Both knew the same; then each heard of purges that the other did not."""
    ground = [begin(10), *write(10, 20, [tag(value) for value in shared])]
    top = ground[-1].version
    ours = [*ground, *write(top, 100, [tag(value) for value in mine])]
    chain = [*ground, *write(top, 200, [tag(value) for value in theirs])]
    known, fresh = book(*ours), book(*chain)
    _, lacking = known.merge(chain)
    told = write(chain[-1].version, 300, lacking.orders)
    known.add(told)
    fresh.add(told)
    for value in "abc":
        for version in (9, 15, 30, 150, 250):
            assert gone(known, value, version) >= gone(book(*ours), value, version)
            assert gone(known, value, version) >= gone(book(*chain), value, version)
            if version < 100:
                assert gone(fresh, value, version) == gone(known, value, version)
