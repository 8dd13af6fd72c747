"""A route's filters: who is rejected, who is let through, and what is counted."""

from pathlib import Path
from typing import Any

import pytest

from gateway.guard.bloom import Filters, RouteFilters
from gateway.model.entry import EntryFlag
from gateway.model.outcome import Reason
from gateway.policy.document import parse
from gateway.policy.purges import Order, Scope, void
from tests.support.filters import made
from tests.support.policy import entry, request, route

KEY = b"k" * 32


class Rig:
    def __init__(self, folder: Path, draw: float = 0.5, **bloom: Any) -> None:
        self.now = 0.0
        self.filters = Filters(lambda: draw, lambda: self.now)
        if "known" in bloom:
            bloom["known"] |= {"file": made(folder / "known", ["a", "b", "42"]), "at": "/kb"}
        if "vocabulary" in bloom:
            path = made(folder / "terms", ["disk", "数据"], "vocabulary")
            bloom["vocabulary"] |= {"file": path, "pointers": ["/q"]}
        self.route = route(bloom=bloom)
        self.route_filters = self.filters.of([self.route])["ask"]
        self.filters.files.load()

    def ask(self, body: bytes, key: bytes = KEY, *, anew: bool = False, shadow: bool = False) -> tuple[Any, ...]:
        opinion = self.route_filters.ask(request(), parse(body), key, anew=anew, shadow=shadow)
        return opinion.reason, opinion.doubts

    def told(self, kind: str) -> dict[str, int]:
        for _, each, figures in self.filters.figures():
            if each == kind:
                names = ("rejected", "observed", "sampled", "empty", "found", "unknown")
                return {name: getattr(figures, name) for name in names if getattr(figures, name)}
        raise AssertionError(kind)


ENFORCE = {"mode": "enforce"}


@pytest.mark.parametrize(
    ("body", "rejected"),
    [
        (b'{"kb": "a"}', False),
        (b'{"kb": 42}', False),
        (b'{"kb": "c"}', True),
        (b'{"kb": 43}', True),
        (b'{"kb": null}', False),
        (b"{}", False),
        (b"", False),
        (b"junk", False),
    ],
)
def test_an_unknown_id_is_rejected_and_a_request_without_one_is_not(tmp_path, body, rejected):
    rig = Rig(tmp_path, known=dict(ENFORCE))
    expected = (Reason.BLOOM_KNOWN, ("known",)) if rejected else (None, ())
    assert rig.ask(body) == expected
    assert rig.told("known") == ({"rejected": 1} if rejected else {})


@pytest.mark.parametrize(
    ("query", "rejected"),
    [
        ("which disks?", False),
        ("qwertz", True),
        ("什么是数据", False),
        ("足球比赛", True),
        ("what is it?", False),
        ("", False),
        ("qwertz " + "x" * 9000, False),
    ],
)
def test_a_query_that_shares_no_term_is_rejected(tmp_path, query, rejected):
    rig = Rig(tmp_path, vocabulary=dict(ENFORCE))
    reason, _ = rig.ask(b'{"q": "%b"}' % query.encode())
    assert reason == (Reason.BLOOM_VOCABULARY if rejected else None)


def test_what_came_back_empty_is_rejected_until_it_is_forgotten(tmp_path):
    rig = Rig(tmp_path, seen_empty=dict(ENFORCE))
    assert rig.ask(b"{}") == (None, ())
    rig.route_filters.answered(KEY, 200, entry())
    assert rig.ask(b"{}") == (None, ())
    rig.route_filters.answered(KEY, 200, entry(flags=EntryFlag.EMPTY))
    assert rig.ask(b"{}") == (Reason.BLOOM_SEEN_EMPTY, ("seen_empty",))
    assert rig.ask(b"{}", b"o" * 32) == (None, ())
    assert rig.ask(b"{}", anew=True) == (None, ())
    rig.filters.forget("another")
    assert rig.ask(b"{}")[0] is not None
    rig.filters.forget("ask")
    assert rig.ask(b"{}") == (None, ())


def test_observing_only_counts_and_compares(tmp_path):
    rig = Rig(tmp_path, known={}, vocabulary={}, seen_empty={})
    doubts = ("known", "vocabulary")
    for status, stored in (
        (200, entry(flags=EntryFlag.EMPTY)),
        (404, None),
        (200, entry()),
        (200, None),
        (500, None),
    ):
        assert rig.ask(b'{"kb": "c", "q": "qwertz"}', b"%d" % status) == (None, doubts)
        rig.route_filters.answered(b"x", status, stored, doubts)
    counted = {"observed": 5, "empty": 2, "found": 1, "unknown": 2}
    assert rig.told("known") == rig.told("vocabulary") == counted
    assert rig.told("seen_empty") == {}


def test_an_enforced_filter_rejects_beside_one_that_observes(tmp_path):
    rig = Rig(tmp_path, known={}, vocabulary=dict(ENFORCE))
    assert rig.ask(b'{"kb": "c", "q": "qwertz"}') == (Reason.BLOOM_VOCABULARY, ("known", "vocabulary"))
    assert rig.told("known") == {"observed": 1}
    assert rig.told("vocabulary") == {"rejected": 1}


def test_a_sample_is_let_through_by_all(tmp_path):
    rig = Rig(tmp_path, 0.0005, known=dict(ENFORCE), vocabulary=dict(ENFORCE))
    assert rig.ask(b'{"kb": "c", "q": "qwertz"}') == (None, ("known", "vocabulary"))
    assert rig.told("known") == rig.told("vocabulary") == {"sampled": 1}
    rig = Rig(tmp_path, 0.0, sample=0, known=dict(ENFORCE))
    assert rig.ask(b'{"kb": "c"}')[0] is Reason.BLOOM_KNOWN


def test_shadow_rejects_nobody(tmp_path):
    rig = Rig(tmp_path, known=dict(ENFORCE))
    assert rig.ask(b'{"kb": "c"}', shadow=True) == (None, ("known",))
    assert rig.told("known") == {"observed": 1}


def test_shadow_tells_who_would_have_been_rejected(tmp_path):
    for mode, spared in (("enforce", True), ("observe", False)):
        rig = Rig(tmp_path, known={"mode": mode})
        for body, absent in ((b'{"kb": "c"}', True), (b'{"kb": "a"}', False)):
            opinion = rig.route_filters.ask(request(), parse(body), KEY, anew=False, shadow=True)
            assert opinion.spared is (spared and absent)


def test_without_its_file_a_filter_rejects_nothing(tmp_path):
    rig = Rig(tmp_path, known=dict(ENFORCE), vocabulary=dict(ENFORCE))
    for file in rig.filters._loaded.values():
        file.filter = None
    assert rig.ask(b'{"kb": "c", "q": "qwertz"}') == (None, ())
    assert [figures.loaded for _, _, figures in rig.filters.figures()] == [0, 0]


def test_modes_that_are_off_are_as_if_they_were_not_there():
    filters = Filters(lambda: 0.5)
    off = {"known": {"file": "f", "at": "/a", "mode": "off"}, "seen_empty": {"mode": "off"}}
    assert filters.of([route(bloom=off), route(name="b")]) == {}
    assert list(filters.figures()) == []


def test_a_reload_keeps_what_it_may(tmp_path):
    rig = Rig(tmp_path, known={}, seen_empty={})
    rig.route_filters.answered(KEY, 200, entry(flags=EntryFlag.EMPTY), ("known",))
    file = rig.filters._loaded["ask", "known"].filter

    def reloaded(**seen: Any) -> RouteFilters:
        bloom = rig.route.bloom.model_dump(mode="json") | {"seen_empty": {"mode": "enforce", **seen}}
        return rig.filters.of([route(bloom=bloom)])["ask"]

    again = reloaded()
    assert again.ask(request(), parse(b"{}"), KEY, anew=False).reason is Reason.BLOOM_SEEN_EMPTY
    assert rig.filters._loaded["ask", "known"].filter is file
    assert rig.told("known") == {"empty": 1}
    again = reloaded(capacity=2000)  # other sizes: begun anew
    assert again.ask(request(), parse(b"{}"), KEY, anew=False).reason is None
    assert rig.filters.of([]) == {}
    assert [figures.items for _, _, figures in rig.filters.figures()] == [0, 0]


def test_figures_tell_what_is_held(tmp_path):
    rig = Rig(tmp_path, known={}, seen_empty={"capacity": 5000})
    rig.route_filters.answered(KEY, 200, entry(flags=EntryFlag.EMPTY))
    told = {kind: (f.items, f.capacity, f.loaded) for _, kind, f in rig.filters.figures()}
    assert told == {"known": (3, 10_000, 1), "seen_empty": (1, 5000, 1)}


@pytest.mark.parametrize(
    ("order", "forgotten"),
    [
        (Order(Scope.ALL), True),
        (Order(Scope.ROUTE, "ask"), True),
        (Order(Scope.ROUTE, "other"), False),
        (Order(Scope.KEY, "00" * 32), True),
        (Order(Scope.TAG, "kb:1"), True),
        (Order(Scope.TAG, "kb:*"), True),
        (Order(Scope.TAG, "kb:2"), False),
        (Order(Scope.ROUTE, "ask", True), True),
        (void("ask", b"k" * 32), False),  # or whoever may post could have all filters forgotten
    ],
)
def test_what_was_purged_is_not_said_to_be_empty_any_more(order: Order, forgotten: bool):
    filters = Filters(lambda: 1.0)
    asked = route(bloom={"seen_empty": {"mode": "enforce"}})
    made = filters.of([asked])["ask"]
    made.learn(b"k" * 32, entry(flags=EntryFlag.EMPTY, tags=("kb:1",)))
    assert b"k" * 32 in made.seen_empty
    filters.purged(order)
    assert (b"k" * 32 not in made.seen_empty) is forgotten
