"""Storing (RFC 9111 section 3), over sockets: what comes back from the cache, and what must not."""

import asyncio

import pytest

from tests.support.gateway import Client
from tests.support.http_cache import http_cache
from tests.support.origin import CLOSE, RESET, ask, chunked, held, said

FRESH = "Cache-Control: max-age=60"
STORED = "ragfront; fwd=uri-miss; stored"


async def test_section_3_a_fresh_answer_to_get_is_stored():
    async with http_cache() as cache:
        first, again = await cache.twice(said("200 OK", FRESH, "X-Any: 1"))
    assert first.cache_status == STORED
    assert again.hit
    assert again.body == first.body == b"body"
    assert again.get("X-Any") == "1"
    assert cache.calls == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO", "get"])
async def test_section_3_answers_to_other_methods_are_not_stored(method):
    async with http_cache() as cache:
        cache.origin.answers("/a", said("200 OK", FRESH))
        for _ in range(2):
            answer = await ask(cache.client, method, "/a")
            assert answer.cache_status == "ragfront; fwd=method; detail=request-method"
        get = await cache.get("/a")
    assert not get.hit
    assert cache.calls == 3


async def test_section_3_an_answer_to_post_is_not_stored_for_get_either():
    async with http_cache() as cache:
        cache.origin.answers("/a", said("200 OK", FRESH, "Content-Location: /a"))
        await ask(cache.client, "POST", "/a", body=b"x")
        assert not (await cache.get("/a")).hit


UNDERSTOOD = (200, 201, 202, 203, 204, 205, 299, 300, 301, 302, 303, 305, 307, 308, 400, 402, 403, 404, 405, 406, 409,
              410, 411, 413, 414, 415, 418, 422, 451, 499, 500, 501, 502, 503, 504, 505, 599)  # fmt: skip


@pytest.mark.parametrize("status", UNDERSTOOD)
async def test_section_3_any_final_status_with_a_lifetime_is_stored(status):
    body = None if status in (204, 205) else b"body"
    fields = (FRESH, "Content-Length: 0") if status == 205 else (FRESH,)
    async with http_cache() as cache:
        first, again = await cache.twice(said(f"{status} Whatever", *fields, body=body))
    assert first.status == again.status == status
    assert first.cache_status == STORED
    assert again.hit
    assert again.body == first.body


@pytest.mark.parametrize("status", [401, 407, 408, 412, 416, 417, 421, 425, 426, 428, 429, 431, 511])
async def test_section_3_a_status_about_this_request_alone_is_not_stored(status):
    async with http_cache() as cache:
        first, again = await cache.twice(said(f"{status} Whatever", FRESH))
    assert first.status == again.status == status
    assert first.cache_status == "ragfront; fwd=uri-miss; detail=status"
    assert cache.calls == 2


@pytest.mark.parametrize("status", [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 451, 501])
async def test_rfc_9110_15_1_a_lifetime_is_guessed_for_those_that_say_so(status):
    async with http_cache() as cache:
        body = None if status == 204 else b"body"
        fields = (f"Date: {cache.at(0)}", f"Last-Modified: {cache.at(-1000)}")
        _, again = await cache.twice(said(f"{status} Whatever", *fields, body=body))
        cache.clock.passes(100)
        late = await cache.get()
    assert again.hit
    assert not late.hit


@pytest.mark.parametrize("status", [201, 202, 302, 303, 307, 400, 403, 406, 500, 502, 503, 504, 599])
@pytest.mark.parametrize(("control", "stored"), [("x=1", False), ("public", True)])
async def test_rfc_9110_15_1_none_is_guessed_for_others_unless_they_are_public(status, control, stored):
    async with http_cache() as cache:
        fields = (f"Last-Modified: {cache.at(-100_000)}", f"Cache-Control: {control}")
        _, again = await cache.twice(said(f"{status} Whatever", *fields))
    assert again.hit is stored


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        pytest.param(("Cache-Control: no-store",), "no-store", id="5.2.2.5-no-store"),
        pytest.param(("Cache-Control: No-STORE, max-age=60",), "no-store", id="5.2-without-case"),
        pytest.param(("Cache-Control: max-age=60", "Cache-Control: no-store"), "no-store", id="5.2-on-another-line"),
        pytest.param(("Cache-Control: private, max-age=60",), "private", id="5.2.2.7-private"),
        pytest.param(('Cache-Control: private="", max-age=60',), "private", id="5.2.2.7-private-with-no-names"),
        pytest.param(("Cache-Control: private=X-Any, max-age=60",), "private", id="5.2.2.7-names-unquoted"),
        pytest.param(('Cache-Control: private="X-Any, max-age=60',), "private", id="5.2.2.7-quote-never-closed"),
        pytest.param(("Cache-Control: public, private, s-maxage=60",), "private", id="5.2.2.7-beside-public"),
        pytest.param((FRESH, "Vary: *"), "vary-star", id="4.1-star"),
        pytest.param((FRESH, "Vary: Accept, *"), "vary-star", id="4.1-star-in-a-list"),
        pytest.param((FRESH, "Vary: a b"), "vary-star", id="4.1-no-list-of-names"),
        pytest.param((FRESH, "Vary: X-Forwarded-For"), "vary-star", id="4.1-varies-on-what-we-write"),
        pytest.param((), "not-fresh", id="3-nothing-allows-it"),
        pytest.param(("Cache-Control: max-age=0",), "not-fresh", id="3-never-of-use"),
        pytest.param(("Cache-Control: no-cache",), "not-fresh", id="5.2.2.4-no-validator"),
        pytest.param((FRESH, "Set-Cookie: a=1"), "set-cookie", id="7.3-cookies"),
        pytest.param((FRESH, "Content-Range: bytes 0-3/9"), "partial-content", id="3.3-part-that-says-200"),
        pytest.param((FRESH, "Content-Type: text/event-stream"), "stream", id="streams"),
    ],
)  # fmt: skip
async def test_section_3_what_must_not_be_stored_is_not(fields, reason):
    async with http_cache() as cache:
        first, again = await cache.twice(said("200 OK", *fields))
    assert first.cache_status == f"ragfront; fwd=uri-miss; detail={reason}"
    assert not again.hit
    assert first.body == again.body == b"body"
    assert cache.calls == 2


async def test_section_3_3_a_part_nobody_asked_for_is_not_stored():
    async with http_cache() as cache:
        first, _ = await cache.twice(said("206 Partial Content", FRESH, "Content-Range: bytes 0-3/9"))
    assert first.status == 206
    assert first.cache_status == "ragfront; fwd=uri-miss; detail=partial-content"
    assert cache.calls == 2


async def test_section_5_2_1_5_no_store_of_a_request_keeps_its_answer_out():
    async with http_cache() as cache:
        first, again = await cache.twice(said("200 OK", FRESH), asked=("Cache-Control: no-store",), again=("X: 1",))
    assert first.cache_status == "ragfront; fwd=bypass; detail=request-no-store"
    assert again.cache_status == STORED


async def test_section_5_2_1_5_no_store_of_a_request_keeps_nobody_elses_out():
    async with http_cache() as cache:
        gate = asyncio.Event()
        cache.origin.answers("/a", held(gate, said("200 OK", FRESH)))
        async with Client(cache.port) as other:
            shy = asyncio.create_task(cache.get("/a", "Cache-Control: no-store"))
            await cache.origin.until(lambda: cache.calls == 1)
            open_ = asyncio.create_task(ask(other, "GET", "/a"))
            await cache.origin.until(lambda: cache.calls == 2)
            gate.set()
            assert [(await task).body for task in (shy, open_)] == [b"body", b"body"]
        assert (await cache.get()).hit
        assert (await cache.get("/a", "Cache-Control: no-store")).hit  # what is there may be used


@pytest.mark.parametrize(
    ("status", "control", "stored"),
    [
        pytest.param(200, "must-understand, no-store, max-age=60", True, id="understood"),
        pytest.param(599, "must-understand, no-store, max-age=60", False, id="unknown"),
        pytest.param(599, "must-understand, max-age=60", False, id="unknown-without-no-store"),
        pytest.param(599, "max-age=60", True, id="unknown-that-need-not-be-understood"),
    ],
)
async def test_section_5_2_2_3_must_understand(status, control, stored):
    async with http_cache() as cache:
        _, again = await cache.twice(said(f"{status} Whatever", f"Cache-Control: {control}"))
    assert again.hit is stored


@pytest.mark.parametrize("credentials", ["Authorization: Bearer a", "Cookie: s=1", "X-Api-Key: k", "Api-Key: k"])
@pytest.mark.parametrize(
    ("control", "stored"),
    [("max-age=60", False), ("public, max-age=60", True), ("s-maxage=60", True), ("max-age=60, must-revalidate", None)],
)
async def test_section_3_5_answers_to_those_who_bear_credentials(credentials, control, stored):
    if stored is None:  # that speaks of Authorization alone
        stored = credentials.startswith("Authorization")
    async with http_cache() as cache:
        first, again = await cache.twice(said("200 OK", f"Cache-Control: {control}"), asked=(credentials,))
        anybody = await cache.get()
    assert ("stored" in first.cache_status) is stored
    assert stored or first.cache_status.endswith("detail=authorization")
    assert again.hit is stored
    assert anybody.hit is stored


@pytest.mark.parametrize("credentials", ["Authorization: Bearer a", "Cookie: s=1"])
async def test_section_3_5_what_is_stored_for_those_without_is_not_given_to_those_with_credentials(credentials):
    async with http_cache() as cache:
        _, again = await cache.twice(said("200 OK", FRESH), again=(credentials,))
        others = await cache.get()
    assert not again.hit
    assert others.hit


async def test_section_3_5_cookies_are_no_credentials_on_a_route_for_all():
    async with http_cache(key={"identity": "shared"}) as cache:
        _, again = await cache.twice(said("200 OK", FRESH), asked=("Cookie: s=1",), again=("Cookie: s=2",))
    assert again.hit


async def test_section_3_5_authorization_stays_one_on_a_route_for_all():
    async with http_cache(key={"identity": "shared"}) as cache:
        _, again = await cache.twice(said("200 OK", FRESH), asked=("Authorization: Bearer a",))
    assert not again.hit


async def test_section_3_5_a_named_identity_is_what_answers_vary_on():
    async with http_cache(key={"identity": ["X-Tenant"]}) as cache:
        _, again = await cache.twice(said("200 OK", FRESH), asked=("X-Tenant: 1",), again=("X-Tenant: 2",))
        same = await cache.get("/a", "X-Tenant: 1")
    assert not again.hit
    assert same.hit


@pytest.mark.parametrize(
    ("choice", "control", "stored", "cookie"),
    [
        ("refuse", "max-age=60", False, "a=1"),
        ("refuse", "public, max-age=60", True, None),
        ("refuse", "s-maxage=60", True, None),
        ("refuse", 'no-cache="set-cookie", max-age=60', True, None),
        ("strip", "max-age=60", True, None),
        ("keep", "max-age=60", True, "a=1"),
    ],
)
async def test_section_7_3_who_asks_first_gets_the_cookie_and_later_ones_by_choice(choice, control, stored, cookie):
    async with http_cache(set_cookie=choice) as cache:
        first, again = await cache.twice(said("200 OK", f"Cache-Control: {control}", "Set-Cookie: a=1"))
    assert first.get("Set-Cookie") == "a=1"
    assert again.hit is stored
    assert again.get("Set-Cookie") == cookie


@pytest.mark.parametrize("choice", ["refuse", "strip"])
@pytest.mark.parametrize("control", ["max-age=60", "public, max-age=60", "no-store"])
@pytest.mark.parametrize("framing", ["length", "chunks"])
async def test_section_7_3_those_who_wait_for_the_same_never_get_somebodys_cookie(choice, control, framing):
    async with http_cache(set_cookie=choice) as cache:
        gate, number = asyncio.Event(), iter(range(10))

        async def script(_, wire):
            fields = (f"Cache-Control: {control}", f"Set-Cookie: who={next(number)}")
            await gate.wait()
            await wire.send(said("200 OK", *fields) if framing == "length" else chunked(b"bo", b"dy", fields=fields))

        cache.origin.answers("/a", script)
        async with Client(cache.port) as one, Client(cache.port) as other:
            asking = [asyncio.create_task(ask(client, "GET", "/a")) for client in (cache.client, one, other)]
            await cache.until_waiting(3)
            gate.set()
            answers = await asyncio.gather(*asking)
    cookies = [cookie for answer in answers for cookie in answer.all("Set-Cookie")]
    assert len(cookies) == len(set(cookies)) == cache.calls
    assert {answer.body for answer in answers} == {b"body"}


@pytest.mark.parametrize(
    ("fields", "gone", "there"),
    [
        pytest.param(("Connection: X-Any, close", "X-Any: 1", "X-B: 2"), "X-Any", "X-B", id="named-by-connection"),
        pytest.param(("Proxy-Authenticate: Basic", "X-B: 2"), "Proxy-Authenticate", "X-B", id="proxy-authenticate"),
        pytest.param(("Proxy-Authentication-Info: a", "X-B: 2"), "Proxy-Authentication-Info", "X-B", id="proxy-info"),
        pytest.param(("Keep-Alive: timeout=5", "X-B: 2"), "Keep-Alive", "X-B", id="keep-alive"),
        pytest.param(("Upgrade: h2c", "X-B: 2"), "Upgrade", "X-B", id="upgrade"),
    ],
)
async def test_section_3_1_fields_about_a_connection_are_not_stored(fields, gone, there):
    async with http_cache() as cache:
        _, again = await cache.twice(said("200 OK", FRESH, *fields))
    assert again.hit
    assert again.get(gone) is None
    assert again.get(there) == "2"


@pytest.mark.parametrize("named", ["private", "no-cache"])
async def test_section_5_2_2_fields_that_are_named_are_not_stored(named):
    async with http_cache() as cache:
        fields = (f'Cache-Control: {named}="X-One, x-two", max-age=60', "X-One: 1", "X-Two: 2", "X-Three: 3")
        first, again = await cache.twice(said("200 OK", *fields))
    assert first.get("X-One") == "1"
    assert again.hit
    assert [again.get(f"X-{name}") for name in ("One", "Two", "Three")] == [None, None, "3"]


async def test_section_3_1_all_other_fields_are_stored_as_they_came():
    fields = ("ETag: \"x\"", "X-Frame-Options: deny", "Clear-Site-Data: \"cache\"", "X-TWICE: 1", "x-twice: 2",
              "Strict-Transport-Security: max-age=1", "WWW-Authenticate: Basic", "Content-Foo: b\xe4r",
              "Content-Disposition: attachment", "X-Empty:", "Warning: 110 a \"b\"")  # fmt: skip
    async with http_cache() as cache:
        _, again = await cache.twice(said("200 OK", FRESH, *fields))
    assert again.hit
    told = [f"{name}: {value}".rstrip() for name, value in again.fields]
    assert [line for line in told if line in fields] == list(fields)


@pytest.mark.parametrize(
    ("answer", "cut"),
    [
        pytest.param(said("200 OK", FRESH, length=9) + CLOSE, True, id="9112-8-shorter-than-its-length"),
        pytest.param(said("200 OK", FRESH, length=9) + RESET, True, id="9112-8-reset"),
        pytest.param(
            said("200 OK", FRESH, "Transfer-Encoding: chunked", body=None) + b"4\r\nbody\r\n" + CLOSE,
            True,
            id="9112-8-no-last-chunk",
        ),
        pytest.param(said("200 OK", FRESH, body=None) + b"body" + CLOSE, False, id="9112-8-until-close"),
        pytest.param(said("200 OK", FRESH, length=2), False, id="9112-6.3-longer-than-its-length"),
    ],
)
async def test_section_3_3_what_may_not_be_whole_is_not_stored(answer, cut):
    async with http_cache() as cache:
        cache.origin.answers("/a", answer, said("200 OK", FRESH))
        try:
            first = await cache.get()
            assert first.status == (502 if cut else 200)
            assert "stored" not in first.cache_status
        except (asyncio.IncompleteReadError, ConnectionError):  # it had begun, and was cut off as it came
            assert cut
        async with Client(cache.port) as client:
            again = await ask(client, "GET", "/a")
    assert not again.hit
    assert again.body == b"body"


async def test_section_3_3_trailers_are_passed_on_and_their_answer_is_not_stored():
    async with http_cache() as cache:
        answer = chunked(b"bo", b"dy", fields=(FRESH, "Trailer: X-Sum"), trailers=b"X-Sum: 1\r\n")
        first, again = await cache.twice(answer)
    assert first.body == b"body"
    assert first.cache_status == "ragfront; fwd=uri-miss"
    assert not again.hit


async def test_rfc_9112_7_1_chunks_that_end_are_whole():
    async with http_cache() as cache:
        first, again = await cache.twice(chunked(b"bo", b"dy", fields=(FRESH,)))
    assert first.body == again.body == b"body"
    assert again.hit
    assert again.get("Transfer-Encoding") is None
    assert again.get("Content-Length") == "4"


async def test_rfc_9110_7_6_1_a_field_that_connection_takes_away_cannot_pass_an_answer_off_as_another():
    async with http_cache() as cache:

        async def script(asked, wire):
            seen = asked.get(b"accept-encoding") or b"none"
            await wire.send(said("200 OK", FRESH, "Vary: Accept-Encoding", body=seen))

        cache.origin.answers("/a", script)
        sly = await cache.get("/a", "Accept-Encoding: gzip", "Connection: Accept-Encoding")
        honest = await cache.get("/a", "Accept-Encoding: gzip")
        plain = await cache.get("/a")
    assert sly.body == plain.body == b"none"
    assert plain.hit
    assert honest.body == b"gzip"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("/a", "http://gw/a", id="9112-3.2.2-absolute-form"),
        pytest.param("/a", "http://GW:80/a", id="9110-4.2.3-case-and-port"),
        pytest.param("/%61%2fb", "/a%2Fb", id="3986-6.2.2-escapes"),
    ],
)
async def test_section_4_spellings_of_one_uri_share_an_answer(one, other):
    async with http_cache() as cache:
        cache.origin.answers("*", said("200 OK", FRESH))
        await cache.get(one)
        assert (await cache.get(other)).hit


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(("/a", ()), ("/a?", ()), id="empty-query"),
        pytest.param(("/a?x=1", ()), ("/a?X=1", ()), id="case-of-a-query"),
        pytest.param(("/a/../b", ()), ("/b", ()), id="dot-segments"),
        pytest.param(("/a", ("Host: gw",)), ("/a", ("Host: other",)), id="host"),
        pytest.param(("/a", ("Host: gw",)), ("/a", ("Host: gw:8080",)), id="port"),
        pytest.param(("/a", ("Host: gw",)), ("http://other/a", ("Host: gw",)), id="9112-3.2.2-absolute-form-rules"),
    ],
)
async def test_section_4_other_uris_do_not(one, other):
    async with http_cache() as cache:
        cache.origin.answers("*", said("200 OK", FRESH))
        await cache.get(one[0], *one[1])
        assert not (await cache.get(other[0], *other[1])).hit


async def test_rfc_9112_2_3_an_answer_in_http_1_0_with_its_length_is_stored():
    async with http_cache() as cache:
        first, again = await cache.twice(said("200 OK", FRESH).replace(b"HTTP/1.1", b"HTTP/1.0", 1) + CLOSE)
    assert again.hit
    assert first.body == again.body == b"body"


async def test_section_3_an_answer_without_a_reason_phrase_comes_back_without_one():
    async with http_cache() as cache:
        await cache.twice(b"HTTP/1.1 200 \r\nCache-Control: max-age=60\r\nContent-Length: 0\r\n\r\n")
        head, _ = await cache.front.raw("/a")
    assert head.startswith(b"HTTP/1.1 200 \r\n")
    assert b"; hit" in head


async def test_section_3_an_empty_body_is_an_answer_like_any_other():
    async with http_cache() as cache:
        _, again = await cache.twice(said("200 OK", FRESH, body=b""))
    assert again.hit
    assert again.get("Content-Length") == "0"


async def test_section_3_what_is_too_large_for_the_route_is_passed_on_and_not_stored():
    async with http_cache(max_body="1KiB") as cache:
        first, again = await cache.twice(chunked(*[b"x" * 700] * 3, fields=(FRESH,)))
    assert first.body == again.body == b"x" * 2100
    assert not again.hit


async def test_section_3_nothing_is_stored_or_looked_up_where_the_route_is_off():
    async with http_cache(mode="off") as cache:
        first, again = await cache.twice(said("200 OK", FRESH))
    assert first.cache_status == again.cache_status == "ragfront; fwd=bypass; detail=mode-off"


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize("told", ["X-Forwarded-Proto: https", "X-Forwarded-Host: other.example"])
async def test_rfc_9110_7_1_what_a_trusted_peer_tells_of_the_target_uri_is_part_of_it(trusted, told):
    async with http_cache(forwarding={"trusted": ["127.0.0.1"] if trusted else []}) as cache:

        async def script(asked, wire):
            seen = (asked.get(b"x-forwarded-proto") or b"") + b" " + (asked.get(b"x-forwarded-host") or b"")
            await wire.send(said("200 OK", FRESH, body=seen))

        cache.origin.answers("/a", script)
        plain, other, again = await cache.get(), await cache.get("/a", told), await cache.get("/a", told)
    assert (plain.body != other.body) is trusted
    assert other.hit is not trusted
    assert again.hit
    assert again.body == other.body


async def test_section_4_4_behind_a_proxy_that_ends_tls_a_location_of_the_clients_origin_is_made_void():
    async with http_cache(forwarding={"trusted": ["127.0.0.1"]}) as cache:
        secure = "X-Forwarded-Proto: https"
        cache.origin.answers("/a", said("200 OK", FRESH))
        cache.origin.answers("/new", said("201 Created", "Location: https://gw/a"))
        await cache.get("/a", secure)
        assert (await cache.get("/a", secure)).hit
        await cache.get("/new", secure, method="POST")
        assert not (await cache.get("/a", secure)).hit
