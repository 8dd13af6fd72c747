"""Drift, whatever answers look like: they have a gist, say the same as themselves, and bear out what was seen."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.drift import Drift, Seen, compare, suggest
from gateway.policy.gist import Reader
from gateway.policy.shingles import likeness
from tests.support.policy import entry, route

TYPES = st.sampled_from(
    [b"application/json", b"text/plain", b"text/event-stream", b"application/x-ndjson", b"text/html", b""]
)
POINTERS = st.none() | st.sampled_from(["", "/a", "/*", "/a/*/id"])
ROUTES = st.builds(
    lambda answer, documents, delta, events, ignore: Reader(
        route(
            shape={"answer": answer, "documents": documents, "delta": delta, "event_documents": events},
            drift={"ignore": ignore},
        )
    ),
    *[POINTERS] * 4,
    st.lists(st.sampled_from(["", "/a", "/*", "/a/*/id"]), max_size=2),
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc") | st.just("id"), inner, max_size=3)
    ),
    max_leaves=8,
)
BODIES = st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode())
EVENTS = st.lists(BODIES, max_size=4).map(lambda events: b"".join(b"data: %b\n\n" % event for event in events))


@given(ROUTES, TYPES, BODIES | EVENTS, st.sampled_from([b"", b"gzip", b"br, gzip", b"unheard-of"]))
def test_any_answer_says_what_it_says(reader, content_type, body, coding):
    gist = reader.gist(entry(body=body, fields=((b"Content-Type", content_type),), coding=coding))
    assert compare(gist, gist, 1.0) is Drift.SAME


@given(ROUTES, JSON)
def test_spelling_does_not_count(reader, value):
    plain = reader.gist(entry(body=json.dumps(value).encode()))
    assert reader.gist(entry(body=json.dumps(value, indent=2, ensure_ascii=False).encode())) == plain


@given(st.text(max_size=40), st.text(max_size=40))
def test_likeness_is_a_share_and_goes_both_ways(a, b):
    assert 0 <= likeness(a, b) == likeness(b, a) <= 1
    assert likeness(a, a) == 1


COUNTS = st.integers(0, 500).flatmap(lambda compared: st.tuples(st.just(compared), st.integers(0, compared)))


@given(st.lists(COUNTS, max_size=6), st.floats(0.005, 1))
def test_a_suggested_lifetime_was_seen_and_holds(counts, accept):
    seen = [Seen(float(10 * number + 10), *each) for number, each in enumerate(counts)]
    suggested = suggest(seen, accept)
    if suggested:
        within = [each for each in seen if each.oldest <= suggested]
        assert within[-1].oldest == suggested
        assert sum(each.differed for each in within) <= accept * sum(each.compared for each in within)
        assert sum(each.compared for each in within) >= 3 / accept
