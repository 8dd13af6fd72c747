from typing import Any

import pytest

from gateway.model.entry import EntryFlag
from gateway.model.fields import Fields, Pairs
from gateway.model.outcome import Reason
from gateway.policy.storing import Skip, Store, Storing
from gateway.policy.streaming import Streaming
from tests.support.packing import packed
from tests.support.policy import request, route

NOW = 1_700_000_000.0
JSON: Pairs = ((b"Content-Type", b"application/json"),)
IGNORE = {"cache": {"cache_control": "ignore"}}
SHARED = {"key": {"identity": "shared"}}


def head(status: int, fields: Pairs, method: bytes = b"POST", **settings: Any) -> Skip | None:
    return Storing(route(**settings)).head(request(method), status, Fields(fields), 0.0)


def whole(
    body: bytes, fields: Pairs = JSON, *, method: bytes = b"POST", status: int = 200, **settings: Any
) -> Store | Skip:
    return Storing(route(**settings)).whole(request(method), status, Fields(fields), body, NOW, lambda: 0.5)


def stored(body: bytes, fields: Pairs = JSON, **how: Any) -> Store:
    verdict = whole(body, fields, **how)
    assert isinstance(verdict, Store)
    return verdict


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (JSON, None),
        ((), None),
        (((b"Set-Cookie", b"a=1"),), Reason.SET_COOKIE),
        (((b"Cache-Control", b"max-age=60, No-Store"),), Reason.NO_STORE),
        (((b"Cache-Control", b"x"), (b"cache-control", b"private")), Reason.PRIVATE),
        (((b"Cache-Control", b'private="x-user"'),), Reason.PRIVATE),
        (((b"Vary", b"*"),), Reason.VARY_STAR),
        (((b"Vary", b"Accept, *"),), Reason.VARY_STAR),
        (((b"Vary", b"not a name"),), Reason.VARY_STAR),
        (((b"Vary", b"Accept-Encoding, Origin"),), None),
        (((b"Content-Range", b"bytes 0-1/2"),), Reason.PARTIAL_CONTENT),
        (((b"Content-Length", b"4194304"),), None),
        (((b"Content-Length", b"4194305"),), Reason.ANSWER_TOO_LARGE),
        (((b"Content-Length", b"9" * 5000),), Reason.ANSWER_TOO_LARGE),
    ],
)
def test_what_a_head_forbids_is_given_to_nobody_else(fields: Pairs, reason: Reason | None) -> None:
    assert head(200, fields) == (None if reason is None else Skip(reason, shareable=False))


@pytest.mark.parametrize(
    ("status", "fields", "settings", "expected"),
    [
        (500, (), {}, Skip(Reason.STATUS, True)),
        (503, ((b"Set-Cookie", b"a"),), {}, Skip(Reason.STATUS, False)),
        (503, ((b"Cache-Control", b"no-store"),), {}, Skip(Reason.STATUS, False)),
        (503, ((b"Cache-Control", b"no-store"),), IGNORE, Skip(Reason.STATUS, True)),
        (404, (), {}, Skip(Reason.STATUS, True)),
        (404, (), {"cache": {"statuses": [200, 404]}}, None),
        (200, (), {"cache": {"statuses": [404]}}, Skip(Reason.STATUS, True)),
        (206, (), {"cache": {"statuses": [200, 206]}}, Skip(Reason.PARTIAL_CONTENT, False)),
        (304, (), {"cache": {"statuses": [200, 304]}}, Skip(Reason.STATUS, False)),
        (412, (), {}, Skip(Reason.STATUS, False)),
        (401, (), {}, Skip(Reason.STATUS, True)),
        (401, (), SHARED, Skip(Reason.STATUS, False)),
        (429, (), {"key": {"identity": ["x-team"]}}, Skip(Reason.STATUS, False)),
        (500, (), SHARED, Skip(Reason.STATUS, True)),
    ],
)
def test_statuses(status: int, fields: Pairs, settings: dict[str, Any], expected: Skip | None) -> None:
    assert head(status, fields, **settings) == expected


def test_ignoring_cache_control_does_not_open_cookies_or_stars() -> None:
    assert head(200, ((b"Cache-Control", b"no-store, private"),), **IGNORE) is None
    assert head(200, ((b"Set-Cookie", b"a=1"),), **IGNORE) == Skip(Reason.SET_COOKIE, False)
    assert head(200, ((b"Vary", b"*"),), **IGNORE) == Skip(Reason.VARY_STAR, False)


def test_the_length_of_a_head_answer_is_not_that_of_its_body() -> None:
    assert head(200, ((b"Content-Length", b"99999999"),), b"HEAD") is None


def test_a_whole_answer_is_stored_with_its_lifetimes() -> None:
    store = stored(b'{"answer":"x"}', (*JSON, (b"Cache-Control", b"max-age=60"), (b"Age", b"10")))
    assert store.lifetimes.fresh == pytest.approx(50, rel=0.11)
    assert store.lifetimes.initial_age == 10
    assert store.coding == b""
    assert store.flags is EntryFlag.NONE


UNLESS = {"cache": {"store_unless": [{"pointer": "/error", "exists": True}]}}


@pytest.mark.parametrize(
    ("body", "fields", "settings", "expected"),
    [
        (b'{"error":"x"}', JSON, UNLESS, Skip(Reason.STORE_UNLESS, True)),
        (b'{"error":null}', JSON, UNLESS, Skip(Reason.STORE_UNLESS, True)),
        (b"<html>down</html>", (), UNLESS, Skip(Reason.STORE_UNLESS, True)),
        (
            packed(b'{"error":1}'),
            (*JSON, (b"Content-Encoding", b"gzip")),
            UNLESS,
            Skip(Reason.STORE_UNLESS, True),
        ),
        (b"\x0b\x02", (*JSON, (b"Content-Encoding", b"br")), UNLESS, Skip(Reason.STORE_UNLESS, True)),
        (packed(b"{}")[:-1], (*JSON, (b"Content-Encoding", b"gzip")), UNLESS, Skip(Reason.STORE_UNLESS, True)),
        (b"{}", (*JSON, (b"Cache-Control", b"max-age=0")), {}, Skip(Reason.NOT_FRESH, True)),
        (b"{}", (*JSON, (b"Cache-Control", b"no-cache")), {}, Skip(Reason.NOT_FRESH, False)),
        (b"{}", JSON, {"cache": {"ttl": 0}}, Skip(Reason.NOT_FRESH, True)),
        (b"x" * 11, (), {"cache": {"max_body": 10}}, Skip(Reason.ANSWER_TOO_LARGE, False)),
    ],
)
def test_whole_answers_that_are_not_stored(
    body: bytes, fields: Pairs, settings: dict[str, Any], expected: Skip
) -> None:
    assert whole(body, fields, **settings) == expected


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b'{"ok":1}', JSON),
        (b'{"ok":1,"ok":2}', JSON),
        (packed(b'{"ok":1}'), (*JSON, (b"Content-Encoding", b"gzip"))),
        (b"", ()),
    ],
)
def test_answers_that_conditions_clear_are_stored(body: bytes, fields: Pairs) -> None:
    assert isinstance(whole(body, fields, **UNLESS), Store)


def test_bodies_are_not_read_where_no_rule_asks_about_them() -> None:
    assert isinstance(whole(b"<html>", ()), Store)
    assert stored(b"\x0b\x02", ((b"Content-Encoding", b" BR "),)).coding == b"br"


EMPTY = {"empty": {"when": [{"pointer": "/docs", "is": []}, {"pointer": "/answer", "is": None}], "ttl": "90s"}}


@pytest.mark.parametrize(
    ("body", "empty"),
    [(b'{"docs":[]}', True), (b'{"docs":[1],"answer":null}', True), (b'{"docs":[1]}', False), (b"no json", False)],
)
def test_empty_answers_become_null_markers(body: bytes, empty: bool) -> None:
    store = stored(body, **EMPTY)
    assert store.flags is (EntryFlag.EMPTY if empty else EntryFlag.NONE)
    assert store.lifetimes.fresh == pytest.approx(90 if empty else 600)
    assert (store.lifetimes.stale_if_error == 0) is empty


def test_an_answer_that_conditions_forbid_is_not_an_empty_one() -> None:
    assert whole(b'{"error":1,"docs":[]}', **EMPTY, **UNLESS) == Skip(Reason.STORE_UNLESS, True)


def test_tags_come_from_the_decoded_body_and_the_fields() -> None:
    fields: Pairs = (*JSON, (b"Content-Encoding", b"gzip"), (b"Surrogate-Key", b"s"))
    store = stored(packed(b'{"docs":[{"id":4}]}'), fields, tags=["doc:{/docs/*/id}"])
    assert store.tags == ("s", "doc:4")
    assert store.coding == b"gzip"


@pytest.mark.parametrize("passed", [True, False])
def test_tags_fields_are_replayed_where_the_route_passes_them_on(passed: bool) -> None:
    fields: Pairs = (*JSON, (b"Surrogate-Key", b"s"), (b"XKEY", b"x"), (b"Cache-Tag", b"c"))
    store = stored(b"{}", fields, pass_tags=passed)
    assert store.fields == (fields if passed else JSON)
    assert store.tags == ("s", "x", "c")


def test_what_was_about_one_call_or_connection_is_not_replayed() -> None:
    fields: Pairs = (
        (b"Content-Type", b"application/json"),
        (b"content-length", b"2"),
        (b"Connection", b"close, X-Hop"),
        (b"X-Hop", b"1"),
        (b"Keep-Alive", b"timeout=5"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Trailer", b"X-Sum"),
        (b"Date", b"Tue, 14 Nov 2023 22:13:20 GMT"),
        (b"ETag", b'"x"'),
        (b"Age", b"3"),
        (b"X-Request-Id", b"r1"),
        (b"X-RateLimit-Remaining", b"9"),
        (b"RateLimit", b"x"),
        (b"Location", b"/runs/1"),
        (b"Content-Encoding", b"identity"),
        (b"X-Empty", b""),
        (b"X-Twice", b"1"),
        (b"x-twice", b"2"),
    )
    assert stored(b"{}", fields).fields == (
        (b"Content-Type", b"application/json"),
        (b"Date", b"Tue, 14 Nov 2023 22:13:20 GMT"),
        (b"ETag", b'"x"'),
        (b"Content-Encoding", b"identity"),
        (b"X-Empty", b""),
        (b"X-Twice", b"1"),
        (b"x-twice", b"2"),
    )


@pytest.mark.parametrize(
    ("method", "status", "kept"),
    [(b"GET", 200, True), (b"POST", 200, False), (b"POST", 301, True), (b"HEAD", 200, True)],
)
def test_location_is_replayed_where_it_is_the_answer(method: bytes, status: int, kept: bool) -> None:
    fields: Pairs = ((b"Location", b"/elsewhere"),)
    store = stored(b"", fields, method=method, status=status, cache={"statuses": [200, 301]})
    assert (store.fields == fields) is kept


def test_head_answers_keep_the_length_that_only_they_tell() -> None:
    fields: Pairs = ((b"Content-Length", b"1400"),)
    assert stored(b"", fields, method=b"HEAD").fields == fields


def test_vary_is_told_in_one_spelling() -> None:
    fields = Fields([(b"Vary", b"Origin, accept-encoding"), (b"vary", b"ORIGIN,")])
    assert Storing(route()).vary(fields) == (b"accept-encoding", b"origin")


@pytest.mark.parametrize(
    ("events", "verdict"),
    [
        (b"data: 1\n\ndata: [DONE]\n\n", None),
        (b"data: 1\n\n", Reason.TRUNCATED),
        (b"", Reason.TRUNCATED),
        (b'data: {"error": "x"}\n\ndata: [DONE]\n\n', Reason.STREAM_FAILED),
        (b'data: {"cut": true}\n\ndata: [DONE]\n\n', Reason.STORE_UNLESS),
    ],
)
def test_a_stream_is_stored_where_its_events_say_that_it_is_whole(events: bytes, verdict: Reason | None) -> None:
    asked = route(cache={"store_unless": [{"pointer": "/cut"}]}, empty={"when": [{"pointer": "", "is": 1}]})
    watch = Streaming(asked).watch(Fields(((b"Content-Type", b"text/event-stream"),)))
    assert watch is not None
    watch.feed(events)
    watch.close()
    got = Storing(asked).whole(request(), 200, Fields(), events, 0.0, lambda: 0.5, watch)
    if verdict is None:
        assert isinstance(got, Store)
        assert got.flags == EntryFlag.STREAM | EntryFlag.EMPTY
        assert got.lifetimes.fresh == 90 or got.lifetimes.fresh < 100
    else:
        assert got == Skip(verdict, shareable=True)


def test_a_stream_that_cannot_be_read_is_not_stored() -> None:
    watch = Streaming(route()).watch(Fields(((b"Content-Type", b"application/grpc"),)))
    got = Storing(route()).whole(request(), 200, Fields(), b"", 0.0, lambda: 0.5, watch)
    assert got == Skip(Reason.STREAM, shareable=True)
