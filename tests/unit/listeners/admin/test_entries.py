"""/admin/entries: what is said of an entry, and to whom."""

import gzip

import pytest

from gateway.cache.inspect import Held
from gateway.listeners.admin.entries import Filter, _key, _place, _shown, _wanted, described, together
from gateway.listeners.admin.problem import Refused
from gateway.listeners.admin.views import TopEntry, TopView
from gateway.model.entry import EntryFlag
from tests.support.entries import make_entry, make_key

NOW = 1.7e9


def held(**changes) -> Held:
    return Held(make_key("k"), make_entry(**{"now": NOW, **changes}), "disk")


@pytest.mark.parametrize(("age", "state"), [(0, "fresh"), (630, "stale"), (700, "stale-if-error"), (9000, "expired")])
def test_state(age: float, state: str) -> None:
    assert described(held(now=NOW - age), NOW).state == state


def test_kinds() -> None:
    flags = {"answer": 0, "empty": EntryFlag.EMPTY, "stream": EntryFlag.STREAM, "vary": EntryFlag.VARY}
    assert {kind: described(held(flags=flag), NOW).kind for kind, flag in flags.items()} == {k: k for k in flags}


def test_what_it_says_is_for_operators() -> None:
    seen = _shown(held(body=b"s3cret"), NOW, whole=False)
    assert "s3cret" not in seen.model_dump_json()
    assert seen.fields is None
    seen = _shown(held(body=b"s3cret"), NOW, whole=True)
    assert (seen.body, seen.encoding, seen.cut) == ("s3cret", "text", False)
    assert ("Server", "uvicorn") in (seen.fields or [])


def test_coded_and_binary_and_long_bodies() -> None:
    assert _shown(held(body=gzip.compress(b"text"), coding=b"gzip"), NOW, whole=True).body == "text"
    seen = _shown(held(body=b"\xff\xfe"), NOW, whole=True)
    assert (seen.body, seen.encoding) == ("//4=", "base64")
    long = _shown(held(body=b"x" * (2 << 20)), NOW, whole=True)
    assert (len(long.body or ""), long.cut) == (1 << 20, True)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [({}, True), ({"route": "ask"}, True), ({"route": "other"}, False), ({"tag": "doc:1"}, True),
     ({"tag": "doc:*"}, True), ({"tag": "doc"}, False), ({"tag": "x*"}, False)],
)  # fmt: skip
def test_which(wanted: dict, found: bool) -> None:
    assert _wanted(held(tags=("doc:1", "kb:2")), Filter(**wanted)) is found


def test_keys_and_cursors() -> None:
    assert _key("00" * 32) == bytes(32)
    for wrong in ("", "00", "zz" * 32, "00" * 33):
        with pytest.raises(Refused):
            _key(wrong)
    assert _place(None) == b""
    for wrong in ("!", "a", "\u00e4"):
        with pytest.raises(ValueError):
            _place(wrong)


def test_the_hottest_of_several_workers_are_ranked_together() -> None:
    def top(weight: float, **shares: float) -> TopView:
        return TopView(
            weight=weight, entries=[TopEntry(key=k, route="r", path="/", share=s) for k, s in shares.items()]
        )

    found = together([top(10, a=0.5, b=0.3), top(30, b=0.6), top(0)])
    assert [(one.key, round(one.share, 3)) for one in found] == [("b", 0.525), ("a", 0.125)]
    assert together([top(0)]) == []
