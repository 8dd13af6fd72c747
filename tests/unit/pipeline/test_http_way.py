"""The way of a request by RFC 9111, without a listener: who gets what is stored, who waits for whom, who is relayed."""

import asyncio

import pytest

from gateway.model.outcome import Outcome, Reason
from gateway.pipeline.answer import FromEntry, Problem
from tests.support.eventually import eventually
from tests.support.pipeline import Rig, rigged
from tests.support.says import HTTP, Says, answer, validating
from tests.support.upstream import ScriptedUpstream

FRESH = b"Cache-Control: max-age=60"
TOKEN = (b"Authorization", b"Bearer a")


async def read(rig: Rig, *fields: tuple[bytes, bytes], method: bytes = b"GET") -> tuple[Outcome, Reason | None, bytes]:
    x, body = await rig.ask(b"/a", b"", *fields, method=method)
    return x.outcome, x.reason, body


async def test_a_fresh_answer_is_known_by_its_bytes_where_it_is_sent_as_it_is():
    async with ScriptedUpstream(Says(validating(FRESH))) as service, rigged(service.url, HTTP) as rig:
        await read(rig)
        known = []
        for pairs in ((), ((b"Range", b"bytes=0-1"),), ((b"If-None-Match", b'"v1"'),)):
            got = await rig.pipeline.handle(rig.exchange(b"/a", b"", *pairs, method=b"GET"))
            assert isinstance(got, FromEntry)
            known.append(got.known)
        assert known == [True, False, False]


@pytest.mark.parametrize(
    ("pairs", "method"),
    [
        pytest.param(((b"If-None-Match", b'"v1"'),), b"GET", id="a 304"),
        pytest.param(((b"Range", b"bytes=0-1"),), b"GET", id="a part"),
        pytest.param((), b"HEAD", id="head"),
        pytest.param(((b"Cache-Control", b"no-cache"),), b"GET", id="no-cache"),
        pytest.param((TOKEN,), b"GET", id="credentials"),
        pytest.param(((b"If-Match", b'"v1"'),), b"GET", id="for the origin"),
    ],
)
async def test_the_short_way_leaves_alone_what_is_not_sent_as_it_is(pairs, method):
    async with ScriptedUpstream(Says(validating(FRESH))) as service, rigged(service.url, HTTP) as rig:
        await read(rig)
        assert rig.pipeline.recall(rig.exchange(b"/a", b"", method=b"GET"))[1] is not None
        assert rig.pipeline.recall(rig.exchange(b"/a", b"", *pairs, method=method))[1] is None


@pytest.mark.parametrize(
    ("pairs", "more", "reason"),
    [
        ((), {"method": b"POST"}, Reason.REQUEST_METHOD),
        (((b"X-HTTP-Method-Override", b"DELETE"),), {}, Reason.REQUEST_METHOD),
        (((b"If-Match", b'"v1"'),), {}, Reason.REQUEST_CONDITION),
        (((b"If-Unmodified-Since", b"Tue, 14 Nov 2023 22:13:20 GMT"),), {}, Reason.REQUEST_CONDITION),
    ],
)
async def test_what_is_not_looked_up_is_relayed_with_a_reason(pairs, more, reason):
    async with ScriptedUpstream(Says(answer(FRESH))) as service, rigged(service.url, HTTP) as rig:
        for _ in range(2):
            x, _ = await rig.ask(b"/a", b"", *pairs, **{"method": b"GET", **more})
            assert (x.outcome, x.reason) == (Outcome.BYPASS, reason)
    assert len(service.asked) == 2


async def test_a_get_with_a_body_is_relayed():
    async with ScriptedUpstream(Says(answer(FRESH))) as service, rigged(service.url, HTTP) as rig:
        x, _ = await rig.ask(b"/a", b"{}", method=b"GET")
        assert (x.outcome, x.reason) == (Outcome.BYPASS, Reason.REQUEST_BODY)


async def test_only_if_cached_9111_5_2_1_7():
    asked = (b"Cache-Control", b"only-if-cached")
    async with ScriptedUpstream(Says(answer(FRESH))) as service, rigged(service.url, HTTP) as rig:
        problem = await rig.pipeline.handle(rig.exchange(b"/a", b"", asked, method=b"GET"))
        assert isinstance(problem, Problem)
        assert problem.status == 504
        await read(rig)
        assert await read(rig, asked) == (Outcome.HIT, None, b"one")
    assert len(service.asked) == 1


async def test_directives_of_clients_are_not_obeyed_where_the_route_says_so():
    deaf = {**HTTP, "cache": {"rules": "http", "request_directives": "ignore"}}
    async with ScriptedUpstream(Says(answer(FRESH))) as service, rigged(service.url, deaf) as rig:
        await read(rig)
        for said in (b"no-cache", b"max-age=0", b"only-if-cached"):
            assert (await read(rig, (b"Cache-Control", said)))[0] is Outcome.HIT


async def test_an_answer_with_credentials_is_its_client_s_alone_9111_3_5():
    says = Says(lambda asked: answer(FRESH, body=asked.get(b"authorization") or b"nobody"))
    says.gate.clear()
    tokens = [(b"Authorization", b"Bearer %d" % number) for number in range(3)]
    async with ScriptedUpstream(says) as service, rigged(service.url, HTTP) as rig:
        reading = [asyncio.create_task(read(rig, token)) for token in tokens]
        await eventually(lambda: len(service.asked) == 3)
        says.gate.set()
        assert [body for _, _, body in await asyncio.gather(*reading)] == [token[1] for token in tokens]
        assert (await read(rig))[2] == b"nobody"
        assert (await read(rig, tokens[0]))[2] == tokens[0][1]


async def test_what_turns_out_to_vary_is_each_follower_s_own_9111_4_1():
    says = Says(lambda asked: answer(FRESH, b"Vary: Accept", body=asked.get(b"accept") or b"none"))
    says.gate.clear()
    async with ScriptedUpstream(says) as service, rigged(service.url, HTTP) as rig:
        reading = [asyncio.create_task(read(rig, (b"Accept", name))) for name in (b"a/a", b"b/b", b"a/a")]
        await eventually(lambda: sum(flight.clients for flight in rig.pipeline.flights._flights.values()) == 3)
        says.gate.set()
        assert [body for _, _, body in await asyncio.gather(*reading)] == [b"a/a", b"b/b", b"a/a"]
    assert len(service.asked) == 2


async def test_stale_while_revalidate_renews_behind_the_client_s_back_5861_3():
    says = Says(*(answer(b"Cache-Control: max-age=10, stale-while-revalidate=60", body=body) for body in (b"1", b"2")))
    async with ScriptedUpstream(says) as service, rigged(service.url, HTTP) as rig:
        await read(rig)
        rig.clock.now += 20
        assert await read(rig) == (Outcome.STALE, Reason.REVALIDATING, b"1")
        await eventually(lambda: len(service.asked) == 2)
        await rig.landed()
        assert await read(rig) == (Outcome.HIT, None, b"2")


@pytest.mark.parametrize(
    ("told", "then"),
    [
        pytest.param((b'ETag: "v1"', b"Cache-Control: max-age=99"), Outcome.HIT, id="9111-4.3.5-the-same"),
        pytest.param((b'ETag: "v2"', FRESH), Outcome.MISS, id="9111-4.3.5-another"),
        pytest.param((FRESH,), Outcome.HIT, id="9111-4.3.5-the-same-length"),
    ],
)
async def test_head_freshens_or_ends_what_is_stored_for_get(told, then):
    says = Says(answer(FRESH, b'ETag: "v1"'), answer(*told), answer(FRESH, b'ETag: "v2"', body=b"two"))
    async with ScriptedUpstream(says) as service, rigged(service.url, HTTP) as rig:
        await read(rig)
        rig.clock.now += 30
        await read(rig, (b"Cache-Control", b"no-cache"), method=b"HEAD")
        rig.clock.now += 29
        assert (await read(rig))[0] is then
    assert service.asked[1].line.startswith(b"HEAD")


async def test_who_does_not_accept_the_stored_coding_asks_for_himself():
    says = Says(answer(FRESH, b"Content-Encoding: br", body=b"\x0b\x01\x80one\x03"))
    async with ScriptedUpstream(says) as service, rigged(service.url, HTTP) as rig:
        await read(rig, (b"Accept-Encoding", b"br"))
        assert (await read(rig, (b"Accept-Encoding", b"zstd")))[:2] == (Outcome.BYPASS, Reason.CODING_NOT_ACCEPTED)
        assert (await read(rig, (b"Accept-Encoding", b"br")))[0] is Outcome.HIT
