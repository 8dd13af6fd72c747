"""/admin/bloom: files changed whole, or not at all."""

from pathlib import Path

import pytest

from gateway.guard.files import Loaded
from gateway.guard.filterfile import Filter, FilterError, load, save
from gateway.listeners.admin.bloom import _add, _swap, together
from gateway.listeners.admin.views import FilterView


def made(path: Path, *texts: str, kind: str = "known") -> Loaded:
    filter = Filter(kind, 10, 0.01)  # type: ignore[arg-type]
    for text in texts:
        filter.add(text)
    save(filter, str(path))
    return Loaded(str(path), kind, filter)  # type: ignore[arg-type]


def test_ids_and_terms(tmp_path: Path) -> None:
    added, filter = _add(made(tmp_path / "a", "x"), ["x", "Y z"])
    assert (added, "Y z" in filter) == (1, True)
    assert "Y z" in load(str(tmp_path / "a"))
    added, filter = _add(made(tmp_path / "b", "old", kind="vocabulary"), ["Turbines, turbines and rotors"])
    assert added == len(filter) - 1 == 2


def test_an_overfull_filter_stays_as_it_was(tmp_path: Path) -> None:
    file = made(tmp_path / "a", "x")
    before = (tmp_path / "a").read_bytes()
    with pytest.raises(FilterError, match="overfull"):
        _add(file, [f"k{n}" for n in range(20)])
    assert (tmp_path / "a").read_bytes() == before


def test_swapped_for_one_of_its_kind_only(tmp_path: Path) -> None:
    file = made(tmp_path / "a", "x")
    made(tmp_path / "next", "y")
    made(tmp_path / "terms", "y", kind="vocabulary")
    assert "y" in _swap(file, "next")[1]
    with pytest.raises(FilterError, match="kind vocabulary"):
        _swap(file, "terms")
    assert "y" in load(str(tmp_path / "a"))


def seen(items: int, *, loaded: bool = True, rejected: int = 1) -> FilterView:
    return FilterView(
        route="rag", kind="known", mode="enforce", file="f", loaded=loaded, items=items, capacity=9, error_rate=0.0,
        rejected=rejected, observed=0, sampled=0, empty=0, found=0, unknown=0, refused_files=0,
    )  # fmt: skip


def test_several_workers_filters_are_one_that_tells_where_they_differ() -> None:
    (same,) = together({0: [seen(5)], 1: [seen(5, rejected=3)]})
    assert (same.items, same.rejected, same.workers) == (5, 4, [])
    (differ,) = together({0: [seen(5)], 1: [seen(0, loaded=False)], 2: []})
    assert (differ.loaded, differ.items) == (False, 5)
    assert [(one.worker, one.items) for one in differ.workers] == [(0, 5), (1, 0)]
