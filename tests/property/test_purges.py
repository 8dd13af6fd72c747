"""Purges: they say what a list of all of them would say, and once they are too many never less than that."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.purges import GONE, UNTOUCHED, Names, Order, Purge, Purges, Scope
from gateway.policy.tags import EVERY

KEYS = [bytes([number]) * 32 for number in range(3)]
TAGS = ["", "a", "a/1", "a/2", "a/12", "b", "ä/1"]

_values = {
    Scope.ALL: st.just(""),
    Scope.ROUTE: st.sampled_from(["one", "two"]),
    Scope.KEY: st.sampled_from([key.hex() for key in KEYS]),
    Scope.VOID: st.builds(
        "{} {}".format, st.sampled_from([key.hex() for key in KEYS]), st.sampled_from(["one", "two"])
    ),
    Scope.TAG: st.one_of(st.sampled_from(TAGS), st.sampled_from(TAGS).map(lambda tag: tag + "*")),
}
orders = st.sampled_from(list(Scope)).flatmap(
    lambda scope: st.builds(Order, st.just(scope), _values[scope], st.booleans())
)
steps = st.lists(st.tuples(st.integers(1, 3), orders, st.integers(0, 20)), max_size=25)
names = st.builds(
    Names,
    st.sampled_from(["one", "two"]),
    st.lists(st.sampled_from(KEYS), min_size=1, max_size=2).map(tuple),
    st.lists(st.sampled_from([*TAGS, EVERY]), max_size=3).map(tuple),
)


def _names_it(order: Order, what: Names) -> bool:
    match order.scope:
        case Scope.ALL:
            return True
        case Scope.ROUTE:
            return order.value == what.route
        case Scope.KEY:
            return order.value in [key.hex() for key in what.keys]
        case Scope.VOID:
            return order.value in [f"{key.hex()} {what.route}" for key in what.keys]
    return any(
        tag == EVERY or tag == order.value or (order.value.endswith("*") and tag.startswith(order.value[:-1]))
        for tag in what.tags
    )


def _naive(history: list[Purge], floor: int, version: int, what: Names) -> float:
    later = [purge for purge in history if purge.version > version and _names_it(purge.order, what)]
    if version < floor or any(not purge.order.expire for purge in later):
        return GONE
    return min((purge.at for purge in later), default=UNTOUCHED)


def _history(floor: int, taken: list[tuple[int, Order, int]]) -> list[Purge]:
    history, version = [], floor
    for rise, order, at in taken:
        version += rise
        history.append(Purge(version, order, float(at)))
    return history


@given(st.integers(0, 3), steps, st.integers(0, 60), names)
def test_it_says_what_a_list_of_all_purges_says(floor: int, taken, version: int, what: Names):
    history = _history(floor, taken)
    purges = Purges()
    purges.begin(floor, history)
    assert purges.judge(version, what) == _naive(history, floor, version, what)
    copy = Purges()
    copy.begin(purges.floor, purges)
    assert copy.judge(version, what) == purges.judge(version, what) or version >= copy.newest


@given(steps, st.integers(0, 60), names, st.integers(0, 20))
def test_in_bounded_room_more_is_gone_and_never_less(taken, version: int, what: Names, before: int):
    history = _history(0, taken)
    purges = Purges(most=4)
    for purge in history:
        purges.add(purge)
        assert len(purges) <= 4
    purges.outlive(float(before))
    assert purges.judge(version, what) <= _naive(history, 0, version, what)
    assert purges.newest == (history[-1].version if history else 0)
    if history:
        assert purges.judge(history[-1].version, what) == UNTOUCHED
