"""Validation over sockets: clients' conditions, our own, what 304 does (RFC 9111 section 4.3, RFC 9110 section 13)."""

import pytest

from tests.support.http_front import front, tagged
from tests.support.origin import Answer, date, said
from tests.support.upstream import Asked, Wire

TEN = "Cache-Control: max-age=10"
CHANGED = "Sun, 06 Nov 1994 08:49:37 GMT"
BEFORE, AFTER = "Sat, 05 Nov 1994 08:49:37 GMT", "Mon, 07 Nov 1994 08:49:37 GMT"


def not_modified(*fields: str) -> bytes:
    return said("304 Not Modified", *fields, body=None)


# What a client says that has something already, and whether a fresh stored answer tells it that it still does.
CONDITIONS = [
    pytest.param(('If-None-Match: "v1"',), True, id="9110-13.1.2-the-tag"),
    pytest.param(('If-None-Match: "v0", "v1", W/"v2"',), True, id="9110-13.1.2-a-list"),
    pytest.param(('If-None-Match: "v0"', 'If-None-Match: "v1"'), True, id="9110-5.3-several-lines"),
    pytest.param(('If-None-Match: W/"v1"',), True, id="9110-8.8.3.2-weak-comparison"),
    pytest.param(("If-None-Match: *",), True, id="9110-13.1.2-any"),
    pytest.param(('If-None-Match: "v0"',), False, id="9110-13.1.2-another-tag"),
    pytest.param(("If-None-Match: v1",), False, id="9110-8.8.3-no-tag-without-quotes"),
    pytest.param((f"If-Modified-Since: {CHANGED}",), True, id="9110-13.1.3-the-date"),
    pytest.param((f"If-Modified-Since: {AFTER}",), True, id="9110-13.1.3-a-later-date"),
    pytest.param((f"If-Modified-Since: {BEFORE}",), False, id="9110-13.1.3-an-earlier-date"),
    pytest.param(("If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT",), True, id="9110-5.6.7-rfc850-date"),
    pytest.param(("If-Modified-Since: Sun Nov  6 08:49:37 1994",), True, id="9110-5.6.7-asctime-date"),
    pytest.param(("If-Modified-Since: soon",), False, id="9110-13.1.3-no-date"),
    pytest.param(('If-None-Match: "v0"', f"If-Modified-Since: {AFTER}"), False, id="9110-13.2.2-the-tag-counts"),
]


@pytest.mark.parametrize(("fields", "known"), CONDITIONS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_stored_answer_judges_a_client_s_conditions(fields: tuple[str, ...], known: bool, method: str):
    async with front() as at:
        at.origin.answers("/a", said("200 OK", TEN, 'ETag: "v1"', f"Last-Modified: {CHANGED}", "X-A: 1"))
        await at.get()
        got = await at.get("/a", *fields, method=method)
        plain = await at.get()
    assert got.status == (304 if known else 200)
    assert got.hit
    assert len(at.origin.asked) == 1
    if known:
        assert got.get("ETag") == plain.get("ETag") == '"v1"'
        assert (got.body, got.get("X-A"), got.get("Content-Length")) == (b"", None, None)
        assert got.get("Cache-Control") == plain.get("Cache-Control")


async def test_9110_13_2_1_conditions_do_not_count_for_what_is_no_200():
    async with front() as at:
        at.origin.answers("/a", said("404 Not Found", TEN, 'ETag: "v1"'))
        await at.get()
        assert (await at.get("/a", 'If-None-Match: "v1"')).status == 404


@pytest.mark.parametrize("field", ['If-Match: "v0"', "If-Unmodified-Since: Sat, 05 Nov 1994 08:49:37 GMT"])
async def test_9111_4_3_2_preconditions_about_the_present_are_for_the_origin(field: str):
    async with front() as at:
        at.origin.answers("/a", tagged('"v1"', TEN), said("412 Precondition Failed"), said())
        await at.get()
        got = await at.get("/a", field)
        assert (got.status, got.cache_status) == (412, "ragfront; fwd=bypass; detail=request-condition")
        assert at.origin.asked[1].get(field.partition(":")[0].lower().encode()) is not None
        assert (await at.get()).hit


async def test_9111_4_3_1_a_client_s_own_conditions_do_not_go_along_with_what_is_to_be_stored():
    async with front() as at:
        at.origin.answers("/a", tagged('"v1"', TEN))
        got = await at.get("/a", 'If-None-Match: "v1"')
        assert at.origin.asked[0].get(b"if-none-match") is None
        assert (await at.get()).body == b"body"
    assert (got.status, got.cache_status) == (304, "ragfront; fwd=uri-miss; fwd-status=200; stored")


@pytest.mark.parametrize(
    ("fields", "asked"),
    [
        pytest.param(('ETag: "v1"',), {b"if-none-match": b'"v1"'}, id="9111-4.3.1-strong"),
        pytest.param(('ETag: W/"v1"',), {b"if-none-match": b'W/"v1"'}, id="9111-4.3.1-weak"),
        pytest.param(
            (f"Last-Modified: {CHANGED}",), {b"if-modified-since": CHANGED.encode()}, id="9111-4.3.1-last-modified"
        ),
        pytest.param(
            ('ETag: "v1"', f"Last-Modified: {CHANGED}"),
            {b"if-none-match": b'"v1"', b"if-modified-since": CHANGED.encode()},
            id="9111-4.3.1-both",
        ),
    ],
)
async def test_what_is_stale_is_asked_about_by_its_validators(fields: tuple[str, ...], asked: dict[bytes, bytes]):
    async with front() as at:
        at.origin.answers("/a", said("200 OK", TEN, *fields), not_modified(TEN, *fields))
        await at.get()
        at.passes(11)
        got = await at.get()
        at.passes(9)
        assert (await at.get()).hit
    request = at.origin.asked[1]
    assert {name: request.get(name) for name in (b"if-none-match", b"if-modified-since") if request.get(name)} == asked
    assert (got.status, got.body, got.get("Age")) == (200, b"body", "0")
    assert got.cache_status == "ragfront; fwd=stale; fwd-status=304; stored; detail=stale"


async def test_9111_4_3_3_a_client_s_condition_is_answered_from_what_was_validated():
    async with front() as at:
        at.origin.answers("/a", tagged('"v1"', TEN))
        await at.get()
        at.passes(11)
        assert (await at.get("/a", 'If-None-Match: "v1"')).status == 304
        at.passes(11)
        assert (await at.get("/a", 'If-None-Match: "v0"')).status == 200


async def test_9111_4_3_3_a_whole_answer_replaces_what_is_stored():
    async with front() as at:
        at.origin.answers("/a", tagged('"v1"', TEN, body=b"one"), tagged('"v2"', TEN, body=b"two"))
        await at.get()
        at.passes(11)
        assert (await at.get()).body == b"two"
        assert (await at.get()).hit


# Fields of a 304, and what the stored answer bears afterwards.
UPDATES = [
    pytest.param("X-A: new", "X-A", ["new"], id="9111-3.2-replaced"),
    pytest.param("X-B: added", "X-B", ["added"], id="9111-3.2-added"),
    pytest.param("Cache-Control: max-age=99", "Cache-Control", ["max-age=99"], id="9111-3.2-cache-control"),
    pytest.param("Content-Type: text/html", "Content-Type", ["text/plain"], id="9111-3.2-type-stays"),
    pytest.param(
        "Content-Type: text/plain;charset=utf-8", "Content-Type", ["text/plain;charset=utf-8"], id="9111-3.2-charset"
    ),
    pytest.param("Content-Encoding: gzip", "Content-Encoding", [], id="9111-3.2-coding-stays"),
    pytest.param("Content-Range: bytes 0-0/4", "Content-Range", [], id="9111-3.2-no-range"),
    pytest.param("Content-Length: 99", "Content-Length", ["4"], id="9111-3.2-length-stays"),
    pytest.param("Connection: x-a", "X-A", ["old"], id="9111-3.1-connection"),
    pytest.param("Proxy-Authenticate: Basic", "Proxy-Authenticate", [], id="9111-3.1-proxy-fields"),
    pytest.param("Set-Cookie: a=1", "Set-Cookie", [], id="9111-7.3-no-cookie"),
    pytest.param("Accept: x", "X-A", ["old"], id="9111-3.2-the-rest-stays"),
]


@pytest.mark.parametrize(("line", "name", "values"), UPDATES)
async def test_what_a_304_updates(line: str, name: str, values: list[str]):
    cache = () if line.startswith("Cache-Control") else (TEN,)
    first = said("200 OK", TEN, 'ETag: "v1"', "X-A: old", "Content-Type: text/plain")
    async with front() as at:
        at.origin.answers("/a", first, not_modified(*cache, 'ETag: "v1"', line))
        await at.get()
        at.passes(11)
        validated = await at.get()
        hit = await at.get()
    assert validated.all(name) == hit.all(name) == values
    assert validated.body == hit.body == b"body"
    assert hit.hit


async def test_9111_4_2_3_the_date_and_age_of_a_304_count():
    async with front() as at:
        at.origin.answers(
            "/a",
            said("200 OK", TEN, 'ETag: "v1"', f"Date: {date(at.clock.now)}"),
            not_modified(TEN, 'ETag: "v1"', "Age: 4"),
        )
        await at.get()
        at.passes(11)
        assert (await at.get()).get("Age") in ("4", "11")  # by Age, or by the old Date
        at.passes(7)
        assert not (await at.get()).hit


async def test_9111_4_3_4_a_304_that_names_nothing_stored_is_asked_again_without_conditions():
    async with front() as at:
        at.origin.answers("/a", tagged('"v1"', TEN), not_modified('ETag: "v7"', TEN), said("200 OK", TEN, body=b"new"))
        await at.get()
        at.passes(11)
        got = await at.get()
    assert got.body == b"new"
    assert at.origin.asked[2].get(b"if-none-match") is None


def by_language(etags: dict[bytes, str]):
    """One representation for each language, all with their tags."""

    async def script(asked: Asked, wire: Wire) -> None:
        tag = etags[asked.get(b"accept-language") or b""]
        lines = (TEN, "Vary: Accept-Language", f"ETag: {tag}")
        known = tag.encode() in (asked.get(b"if-none-match") or b"")
        await wire.send(not_modified(*lines) if known else said("200 OK", *lines, body=tag.encode()))

    return script


async def test_9111_4_3_4_a_304_freshens_the_variant_that_it_names_and_no_other():
    languages = {b"de": '"d"', b"en": '"e"'}
    async with front() as at:
        at.origin.answers("/a", by_language(languages))
        for name in ("de", "en"):
            await at.get("/a", f"Accept-Language: {name}")
        at.passes(11)
        got: list[Answer] = [await at.get("/a", f"Accept-Language: {name}") for name in ("de", "en", "de")]
    assert [answer.body for answer in got] == [b'"d"', b'"e"', b'"d"']
    assert [answer.hit for answer in got] == [False, False, True]
    assert {b'"d"', b'"e"'} == set((at.origin.asked[2].get(b"if-none-match") or b"").split(b", "))


async def test_9111_4_3_4_the_origin_chooses_another_stored_variant_by_304():
    async with front() as at:
        at.origin.answers("/a", by_language({b"en": '"e"', b"en-GB": '"e"'}))
        await at.get("/a", "Accept-Language: en")
        british = await at.get("/a", "Accept-Language: en-GB")
        again = await at.get("/a", "Accept-Language: en-GB")
    assert (british.status, british.body, british.cache_status) == (
        200,
        b'"e"',
        "ragfront; fwd=vary-miss; fwd-status=304; stored; detail=vary-miss",
    )
    assert again.hit
    assert len(at.origin.asked) == 2


async def test_9111_5_2_2_4_no_cache_is_stored_and_asked_about_each_time():
    async with front() as at:
        at.origin.answers("/a", tagged('"v1"', "Cache-Control: no-cache"))
        got = [await at.get() for _ in range(3)]
    assert [(answer.status, answer.hit, answer.body) for answer in got] == [(200, False, b"body")] * 3
    assert [asked.get(b"if-none-match") for asked in at.origin.asked] == [None, b'"v1"', b'"v1"']
