"""Fill by RFC 9111: what a validation brings, and what stands in where none comes."""

import pytest

from gateway.model.fields import Fields
from gateway.model.outcome import Outcome, Reason
from tests.support.pipeline import Rig, rigged
from tests.support.says import HTTP, RESET, Says, answer, validating
from tests.support.shelf import Shelf
from tests.support.upstream import ScriptedUpstream

AGE = b"Cache-Control: max-age=10"
GONE = answer(status=b"304 Not Modified")


class Store(Shelf):
    """A shelf that stays usable for the next rig."""

    async def close(self) -> None:
        pass


async def read(rig: Rig, *fields: tuple[bytes, bytes], target: bytes = b"/a") -> tuple[Outcome, Reason | None, bytes]:
    x, body = await rig.ask(target, b"", *fields, method=b"GET")
    return x.outcome, x.reason, body


def stored(rig: Rig, key: bytes | None) -> Fields:
    assert key is not None
    entry = rig.tiers.held(key, rig.clock.now)
    assert entry is not None
    return Fields(entry.fields)


async def test_what_is_stale_is_asked_about_and_fresh_again_by_304_9111_4_3_3():
    async with ScriptedUpstream(Says(validating(AGE))) as service, rigged(service.url, HTTP) as rig:
        await read(rig)
        rig.clock.now += 11
        assert await read(rig) == (Outcome.MISS, Reason.STALE, b"one")
        assert service.asked[1].get(b"if-none-match") == b'"v1"'
        rig.clock.now += 9
        assert (await read(rig))[0] is Outcome.HIT
    assert len(service.asked) == 2


async def test_a_new_answer_takes_the_old_one_s_place_9111_4_3_3():
    says = Says(validating(AGE), validating(AGE, tag=b'"v2"', body=b"two"))
    async with ScriptedUpstream(says) as service, rigged(service.url, HTTP) as rig:
        await read(rig)
        rig.clock.now += 11
        assert (await read(rig))[2] == b"two"
        assert await read(rig) == (Outcome.HIT, None, b"two")


async def test_304_updates_fields_but_none_that_describes_the_body_9111_3_2():
    first = answer(AGE, b'ETag: "v1"', b"X-Kept: 1", b"Content-Type: text/plain")
    later = (b"Cache-Control: max-age=99", b'ETag: "v1"', b"X-New: 2", b"Content-Type: text/html")
    says = Says(first, answer(*later, status=b"304 Not Modified"))
    async with ScriptedUpstream(says) as service, rigged(service.url, HTTP) as rig:
        x, _ = await rig.ask(b"/a", b"", method=b"GET")
        rig.clock.now += 11
        await read(rig)
        fields = stored(rig, x.key)
        rig.clock.now += 98
        assert (await read(rig))[0] is Outcome.HIT
    told = [fields.get(name) for name in (b"x-kept", b"x-new", b"content-type", b"cache-control")]
    assert told == [b"1", b"2", b"text/plain", b"max-age=99"]


async def test_a_304_that_names_another_is_asked_again_without_conditions_9111_4_3_4():
    says = Says(
        validating(AGE),
        answer(b'ETag: "v9"', status=b"304 Not Modified"),
        answer(AGE, body=b"nine"),
    )
    async with ScriptedUpstream(says) as service, rigged(service.url, HTTP) as rig:
        await read(rig)
        rig.clock.now += 11
        assert (await read(rig))[2] == b"nine"
        assert [asked.get(b"if-none-match") for asked in service.asked] == [None, b'"v1"', None]


async def test_a_304_that_forbids_to_keep_it_ends_the_stored_answer_9111_3():
    says = Says(
        validating(AGE),
        answer(b'ETag: "v1"', b"Cache-Control: no-store", status=b"304 Not Modified"),
        answer(AGE, body=b"new"),
    )
    async with ScriptedUpstream(says) as service, rigged(service.url, HTTP) as rig:
        await read(rig)
        rig.clock.now += 11
        assert (await read(rig))[2] == b"new"


async def test_a_304_to_a_call_without_conditions_is_passed_on_and_not_kept():
    says = Says(GONE, answer(AGE))
    async with ScriptedUpstream(says) as service, rigged(service.url, HTTP) as rig:
        x, _ = await rig.ask(b"/a", b"", method=b"GET")
        assert not x.stored


async def test_another_variant_that_a_304_names_becomes_this_one_s_9111_4_3_4():
    vary = (AGE, b"Vary: Accept-Language")
    says = Says(
        answer(*vary, b'ETag: "en"', body=b"hello"),
        answer(*vary, b'ETag: "en"', status=b"304 Not Modified"),
    )
    english, british = (b"Accept-Language", b"en"), (b"Accept-Language", b"en-GB")
    async with ScriptedUpstream(says) as service, rigged(service.url, HTTP) as rig:
        await read(rig, english)
        assert (await read(rig, british))[2] == b"hello"
        assert service.asked[1].get(b"if-none-match") == b'"en"'
        assert (await read(rig, british))[0] is Outcome.HIT
        assert (await read(rig, english))[0] is Outcome.HIT
    assert len(service.asked) == 2


async def test_tags_of_all_variants_are_asked_for_9111_4_3_1():
    says = Says(
        *(answer(AGE, b"Vary: Accept", b'ETag: "%d"' % n, body=b"%d" % n) for n in (1, 2)),
        answer(AGE, b"Vary: Accept", b'ETag: "2"', status=b"304 Not Modified"),
    )
    async with ScriptedUpstream(says) as service, rigged(service.url, HTTP) as rig:
        for name in (b"a/a", b"b/b"):
            await read(rig, (b"Accept", name))
        assert (await read(rig, (b"Accept", b"c/c")))[2] == b"2"
        assert set((service.asked[2].get(b"if-none-match") or b"").split(b", ")) == {b'"1"', b'"2"'}


@pytest.mark.parametrize("trouble", [RESET, *(answer(status=b"%d No" % code) for code in (500, 502, 503, 504))])
async def test_stale_if_error_5861_4(trouble):
    says = Says(answer(b"Cache-Control: max-age=10, stale-if-error=60"), trouble)
    async with ScriptedUpstream(says) as service, rigged(service.url, HTTP) as rig:
        await read(rig)
        rig.clock.now += 30
        assert (await read(rig))[::2] == (Outcome.STALE, b"one")
        rig.clock.now += 60
        assert (await read(rig))[0] is not Outcome.STALE


@pytest.mark.parametrize("status", [b"404 Not Found", b"501 No", b"403 No"])
async def test_other_errors_are_the_answer_5861_4(status):
    says = Says(answer(b"Cache-Control: max-age=10, stale-if-error=60"), answer(status=status, body=b"no"))
    async with ScriptedUpstream(says) as service, rigged(service.url, HTTP) as rig:
        await read(rig)
        rig.clock.now += 30
        assert (await read(rig))[2] == b"no"


@pytest.mark.parametrize("said", [b"must-revalidate", b"proxy-revalidate"])
async def test_what_must_be_validated_and_cannot_is_504_9111_5_2_2_2(said):
    says = Says(validating(b"Cache-Control: max-age=10, stale-if-error=60, " + said), RESET)
    async with ScriptedUpstream(says) as service, rigged(service.url, HTTP) as rig:
        await read(rig)
        rig.clock.now += 30
        x = rig.exchange(b"/a", b"", method=b"GET")
        problem = await rig.pipeline.handle(x)
        assert (problem.status, x.outcome) == (504, Outcome.ERROR)


async def test_what_is_in_the_store_alone_is_asked_about_too():
    shelf = Store()
    async with ScriptedUpstream(Says(validating(AGE))) as service:
        async with rigged(service.url, HTTP, store=shelf) as first:
            await read(first)
        async with rigged(service.url, HTTP, store=shelf) as second:
            second.clock.now += 11
            assert (await read(second))[2] == b"one"
        assert service.asked[1].get(b"if-none-match") == b'"v1"'


async def test_variants_are_found_in_the_store_by_their_index_9111_4_1():
    shelf = Store()
    says = Says(lambda asked: answer(AGE, b"Vary: Accept", body=asked.get(b"accept") or b""))
    async with ScriptedUpstream(says) as service:
        async with rigged(service.url, HTTP, store=shelf) as first:
            for name in (b"a/a", b"b/b"):
                await read(first, (b"Accept", name))
        async with rigged(service.url, HTTP, store=shelf) as second:
            for name in (b"a/a", b"b/b"):
                assert await read(second, (b"Accept", name)) == (Outcome.HIT, None, name)
    assert len(service.asked) == 2
