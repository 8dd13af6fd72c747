"""Building: everything that was read is in; what would overfill or hold nothing is refused."""

import pytest

from gateway.guard.build import Read, build
from gateway.guard.filterfile import FilterError, Overfull


def records(*values):
    return lambda: iter([([value], 10) for value in values])


@pytest.mark.parametrize("again", [True, False])
def test_the_capacity_is_what_there_is_and_a_little_more(again):
    told = []
    filter, read = build(
        records(*(n % 5000 for n in range(6000))), "known", 1e-3, None, again=again, progress=lambda *s: told.append(s)
    )
    assert all(str(n) in filter for n in range(5000))
    assert 5000 <= filter.capacity < 5600
    assert read == Read(6000, 0)
    assert sum(size for size, _ in told) == 60_000 * (2 if again else 1)


def test_a_stated_capacity_is_read_once_and_kept_to():
    filter, _ = build(records("a", "b", "b"), "known", 1e-3, 2, again=False)
    assert (len(filter), filter.capacity) == (2, 2)
    with pytest.raises(Overfull, match="overfull: more than its capacity of 2; state a larger --capacity"):
        build(records("a", "b", "c"), "known", 1e-6, 2, again=False)


def test_what_is_no_id_is_skipped_and_counted():
    _, read = build(records("a", None, 4, {"x": 1}, True, "\ud800"), "known", 1e-3, None, again=True)
    assert read == Read(2, 4)


def test_a_vocabulary_holds_the_terms_of_all_texts():
    filter, read = build(
        records("Raising errors", ["数据", {"t": "disk"}], None, 7), "vocabulary", 1e-3, None, again=True
    )
    assert all(term in filter for term in ("rais", "error", "数据", "disk"))
    assert "raising" not in filter
    assert read.skipped == 1


@pytest.mark.parametrize("values", [(), (None,), ("the of",)])
def test_nothing_is_no_filter(values):
    with pytest.raises(FilterError, match="nothing to put in"):
        build(records(*values), "vocabulary", 1e-3, None, again=True)
