"""Interim answers, framing that is odd or lies, and connections, over sockets, on routes under RFC 9111."""

import asyncio

import pytest

from tests.support.gateway import Client
from tests.support.http_cache import http_cache
from tests.support.origin import CLOSE, RESET, ask, chunked, said

FRESH = "Cache-Control: max-age=60"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\nX-Any: 1\r\n\r\n"
PROCESSING = b"HTTP/1.1 102 Processing\r\n\r\n"
UNKNOWN = b"HTTP/1.1 199 Whatever\r\nX-Any: 2\r\n\r\n"
GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"


async def test_rfc_9110_15_2_interim_answers_come_before_the_final_one_that_is_stored():
    async with http_cache() as cache:
        first, again = await cache.twice(HINTS + PROCESSING + UNKNOWN + HINTS + said("200 OK", FRESH))
    assert [answer.status for answer in first.interim] == [103, 102, 199, 103]
    assert first.interim[0].fields == [("Link", "</style.css>; rel=preload"), ("X-Any", "1")]
    assert first.cache_status == "ragfront; fwd=uri-miss; stored"
    assert again.hit
    assert again.interim == ()
    assert again.get("Link") is None


async def test_rfc_9110_15_2_fields_of_a_connection_do_not_pass_with_interim_answers():
    async with http_cache() as cache:
        hints = b"HTTP/1.1 103 Early Hints\r\nConnection: X-Hop\r\nX-Hop: 1\r\nLink: </a>\r\n\r\n"
        first, _ = await cache.twice(hints + said("200 OK", FRESH))
    assert first.interim[0].fields == [("Link", "</a>")]


async def test_rfc_9110_15_2_1_continue_is_not_stored_and_not_taken_for_the_answer():
    async with http_cache() as cache:
        first, again = await cache.twice(GO_ON + said("200 OK", FRESH))
    assert first.status == 200
    assert first.body == b"body"
    assert again.hit
    assert again.body == b"body"


async def test_rfc_9110_15_2_who_waits_for_the_same_answer_gets_that_alone():
    async with http_cache() as cache:
        gate = asyncio.Event()

        async def script(_, wire):
            await wire.send(HINTS)
            await gate.wait()
            await wire.send(said("200 OK", FRESH))

        cache.origin.answers("/a", script)
        async with Client(cache.port) as other:
            leads = asyncio.create_task(cache.get())
            await cache.origin.until(lambda: cache.calls == 1)
            follows = asyncio.create_task(ask(other, "GET", "/a"))
            await cache.until_waiting(2)
            gate.set()
            first, second = await asyncio.gather(leads, follows)
    assert [answer.status for answer in first.interim] == [103]
    assert second.interim == ()
    assert first.body == second.body == b"body"


async def test_rfc_9110_15_2_interim_answers_pass_also_while_something_is_validated():
    async with http_cache() as cache:
        cache.origin.answers(
            "/a",
            said("200 OK", FRESH, 'ETag: "x"'),
            HINTS + said("304 Not Modified", FRESH, 'ETag: "x"', body=None),
        )
        await cache.get()
        cache.front.passes(61)
        again = await cache.get()
    assert [answer.status for answer in again.interim] == [103]
    assert again.status == 200
    assert again.body == b"body"


async def test_rfc_9110_15_2_interim_answers_pass_where_nothing_is_looked_up():
    async with http_cache() as cache:
        cache.origin.answers("/a", HINTS + said("200 OK"))
        answer = await ask(cache.client, "POST", "/a", body=b"x")
    assert [each.status for each in answer.interim] == [103]


async def test_rfc_9110_15_2_clients_of_http_1_0_hear_no_interim_answer():
    async with http_cache() as cache:
        cache.origin.answers("/a", HINTS + said("200 OK", FRESH))
        await cache.client.send(b"GET /a HTTP/1.0\r\nHost: gw\r\n\r\n")
        head, body = await cache.client.answer()
    assert head.startswith(b"HTTP/1.1 200 ")
    assert body == b"body"


BODY = b"4\r\nbody\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "status", "stored"),
    [
        pytest.param(chunked(b"body", fields=(FRESH, "Content-Length: 99")), 200, True, id="6.3-chunks-over-length"),
        pytest.param(
            said("200 OK", FRESH, "Transfer-Encoding: gzip, chunked", body=None) + BODY, 502, False, id="6.1-coding"
        ),
        pytest.param(
            said("200 OK", FRESH, "Transfer-Encoding: xchunked", body=None) + BODY, 502, False, id="6.1-unknown"
        ),
        pytest.param(
            said("200 OK", FRESH, "Transfer-Encoding: chunked, chunked", body=None) + BODY, 502, False, id="6.1-twice"
        ),
        pytest.param(
            said("200 OK", FRESH, "Transfer-Encoding: chunked", body=None).replace(b"1.1", b"1.0", 1) + BODY + CLOSE,
            200,
            False,
            id="6.1-in-http-1.0",
        ),
        pytest.param(
            said("200 OK", FRESH, "Transfer-Encoding: CHUNKED", body=None) + BODY, 200, True, id="7-without-case"
        ),
        pytest.param(
            said("200 OK", FRESH, "Transfer-Encoding: chunked", body=None) + b"4;x=1\r\nbody\r\n0;y\r\n\r\n",
            200,
            True,
            id="7.1.1-extensions",
        ),
        pytest.param(
            said("200 OK", FRESH, "Transfer-Encoding: chunked", body=None) + b"zz\r\nbody\r\n0\r\n\r\n" + CLOSE,
            502,
            False,
            id="7.1-no-size",
        ),
        pytest.param(
            said("200 OK", FRESH, "Transfer-Encoding: chunked", body=None) + b"-4\r\nbody\r\n0\r\n\r\n" + CLOSE,
            502,
            False,
            id="7.1-negative-size",
        ),
        pytest.param(said("200 OK", FRESH, "Content-Length: 4", length=4), 200, True, id="6.3-length-twice-the-same"),
        pytest.param(said("200 OK", FRESH, "Content-Length: 5", length=4) + CLOSE, 502, False, id="6.3-two-lengths"),
        pytest.param(
            said("200 OK", FRESH, "Content-Length: 4, 4", body=None) + b"body", 200, True, id="6.3-list-of-the-same"
        ),
        pytest.param(
            said("200 OK", FRESH, "Content-Length: -4", body=None) + b"body" + CLOSE, 502, False, id="6.3-negative"
        ),
        pytest.param(
            said("200 OK", FRESH, "Content-Length: 4a", body=None) + b"body" + CLOSE, 502, False, id="6.3-no-number"
        ),
        pytest.param(said("204 No Content", FRESH, "Content-Length: 0", body=None), 204, True, id="6.3-204-length"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX-Cut", 502, False, id="8-head-cut-off"),
        pytest.param(b"garbage\r\n\r\n" + CLOSE, 502, False, id="4-no-status-line"),
        pytest.param(b"HTTP/1.1 099 Low\r\n\r\n" + CLOSE, 502, False, id="4-status-too-low"),
        pytest.param(b"HTTP/1.1 20 OK\r\n\r\n" + CLOSE, 502, False, id="4-status-of-two-digits"),
    ],
)
async def test_rfc_9112_framing(answer, status, stored):
    cut = answer if answer.endswith((CLOSE, RESET)) or status == 200 or status == 204 else answer + CLOSE
    async with http_cache() as cache:
        cache.origin.answers("/a", cut)
        try:
            assert (await cache.get()).status == status
        except (asyncio.IncompleteReadError, ConnectionError):  # cut off in the middle, as it came
            assert status == 502
        async with Client(cache.port) as client:
            try:
                again = await ask(client, "GET", "/a")
            except (asyncio.IncompleteReadError, ConnectionError):
                assert not stored
                return
    assert again.hit is stored
    assert again.status == status
    assert not stored or again.body == (b"" if status == 204 else b"body")
    assert not stored or len(again.all("Content-Length")) == (0 if status == 204 else 1)


async def test_rfc_9112_6_1_an_answer_with_both_leaves_the_connection_unused():
    async with http_cache() as cache:
        await cache.twice(chunked(b"body", fields=(FRESH, "Content-Length: 4")))
        cache.origin.answers("/b", said("200 OK", FRESH))
        assert (await cache.get("/b")).body == b"body"
    assert len({asked.connection for asked in cache.origin.asked}) == 2


async def test_rfc_9112_6_3_more_than_was_announced_is_nobodys_answer():
    async with http_cache() as cache:
        cache.origin.answers(
            "/a", said("200 OK", FRESH, length=4, body=b"bodyHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad")
        )
        cache.origin.answers("/b", said("200 OK", FRESH, body=b"mine"))
        assert (await cache.get("/a")).body == b"body"
        assert (await cache.get("/b")).body == b"mine"
        assert not (await cache.get("/a")).hit


async def test_rfc_9110_9_3_2_an_answer_to_head_is_not_stored_for_get():
    async with http_cache() as cache:
        cache.origin.answers("/a", said("200 OK", FRESH, "Content-Length: 4", body=None), said("200 OK", FRESH))
        head = await ask(cache.client, "HEAD", "/a")
        get = await cache.get()
        again = await ask(cache.client, "HEAD", "/a")
    assert head.status == 200
    assert head.cache_status == "ragfront; fwd=uri-miss"
    assert get.cache_status == "ragfront; fwd=uri-miss; stored"
    assert again.hit
    assert again.get("Content-Length") == "4"


async def test_rfc_9112_9_3_hits_keep_a_clients_connection_and_pipelines_in_order():
    async with http_cache() as cache:
        for path in ("/a", "/b"):
            cache.origin.answers(path, said("200 OK", FRESH, body=path.encode()))
            await cache.get(path)
        one = b"GET %b HTTP/1.1\r\nHost: gw\r\n\r\n"
        await cache.client.send(one % b"/b" + one % b"/a" + one % b"/b")
        bodies = [(await cache.client.answer())[1] for _ in range(3)]
    assert bodies == [b"/b", b"/a", b"/b"]
