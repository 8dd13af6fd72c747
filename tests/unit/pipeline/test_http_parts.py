"""Parts of answers on their way into the tiers and out of them."""

from gateway.model.outcome import Outcome
from gateway.policy.purges import Order, Purge, Scope
from tests.support.pipeline import Rig, rigged
from tests.support.says import HTTP, Says, answer
from tests.support.shelf import Shelf
from tests.support.upstream import ScriptedUpstream

FIELDS = (b"Cache-Control: max-age=60", b'ETag: "v1"')


class Store(Shelf):
    """A shelf that stays usable for the next rig."""

    async def close(self) -> None:
        pass


def part(first: int, body: bytes, size: int = 8) -> bytes:
    told = b"Content-Range: bytes %d-%d/%d" % (first, first + len(body) - 1, size)
    return answer(*FIELDS, told, body=body, status=b"206 Partial Content")


async def read(rig: Rig, value: bytes | None) -> tuple[Outcome, bytes]:
    fields = () if value is None else ((b"Range", value),)
    x, body = await rig.ask(b"/a", b"", *fields, method=b"GET")
    return x.outcome, body


async def test_parts_are_kept_in_the_store_and_found_there():
    shelf = Store()
    async with ScriptedUpstream(Says(part(0, b"0123"), part(4, b"4567"))) as service:
        async with rigged(service.url, HTTP, store=shelf) as first:
            assert await read(first, b"bytes=0-3") == (Outcome.MISS, b"0123")
        async with rigged(service.url, HTTP, store=shelf) as second:
            assert await read(second, b"bytes=1-2") == (Outcome.HIT, b"12")
            await read(second, b"bytes=4-7")
            assert await read(second, None) == (Outcome.HIT, b"01234567")
    assert len(service.asked) == 2


async def test_no_more_is_kept_than_an_answer_may_have():
    small = {**HTTP, "cache": {"rules": "http", "max_body": "6B"}}
    says = Says(part(0, b"0123"), part(0, b"012345", size=6), part(0, b"0"))
    async with ScriptedUpstream(says) as service, rigged(service.url, small) as rig:
        assert (await read(rig, b"bytes=0-3"))[0] is Outcome.BYPASS  # the whole would be too large
        assert (await read(rig, b"bytes=0-5"))[0] is Outcome.MISS
        assert (await read(rig, None))[0] is Outcome.HIT


async def test_a_part_that_was_purged_while_it_came_is_not_kept():
    def purged(_: object) -> bytes:
        rig.tiers.sieve.purges.add(Purge(1, Order(Scope.ROUTE, "rag"), rig.clock.now))
        return part(0, b"0123")

    async with ScriptedUpstream(Says(purged, part(0, b"0123"))) as service, rigged(service.url, HTTP) as rig:
        assert (await read(rig, b"bytes=0-3"))[0] is Outcome.BYPASS
        assert (await read(rig, b"bytes=0-3"))[0] is Outcome.MISS
        assert (await read(rig, b"bytes=0-3"))[0] is Outcome.HIT
    assert len(service.asked) == 2


async def test_the_index_of_variants_is_not_overwritten():
    varied = answer(*FIELDS, b"Vary: Accept", body=b"varied")
    async with ScriptedUpstream(Says(varied, part(0, b"01234567"))) as service, rigged(service.url, HTTP) as rig:
        await read(rig, None)
        asked = ((b"Range", b"bytes=0-7"), (b"Accept", b"x/y"))
        assert (await rig.ask(b"/a", b"", *asked, method=b"GET"))[1] == b"01234567"
        assert await read(rig, None) == (Outcome.HIT, b"varied")
