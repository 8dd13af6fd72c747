"""Between a look into the shared store and its lease, another process may store the answer and give the lease back."""

from typing import Any

from gateway.cache.store import Claim
from gateway.model.outcome import Outcome
from tests.support.pipeline import rigged
from tests.support.shelf import Shelf
from tests.support.upstream import Asked, ScriptedUpstream, Wire


class Overtaken(Shelf):
    """What `elsewhere` gets stored arrives when somebody who has looked already asks for the lease."""

    elsewhere: dict[bytes, Any]

    async def claim(self, key: bytes, token: bytes, ttl: float) -> Claim:
        self.rows.update(self.elsewhere)
        return await super().claim(key, token, ttl)


async def stored_elsewhere(service: ScriptedUpstream, *fields: tuple[bytes, bytes]) -> Overtaken:
    shelf, overtaken = Shelf(), Overtaken()
    async with rigged(service.url, store=shelf) as other:
        await other.ask(b"/rag", b"{}", *fields)
    overtaken.elsewhere = shelf.rows
    return overtaken


async def test_an_answer_that_another_process_has_just_stored_is_not_asked_for():
    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.json(b'"fine"')

    async with ScriptedUpstream(answer) as service:
        shelf = await stored_elsewhere(service)
        async with rigged(service.url, store=shelf) as rig:
            x, body = await rig.ask()
            assert (x.outcome, x.tier, body) == (Outcome.HIT, "shelf", b'"fine"')
            await rig.landed()
            assert x.key is not None
            assert await shelf.claim(x.key, b"other", 30) is Claim.GRANTED  # given back
    assert len(service.asked) == 1


async def test_another_variant_that_has_just_been_stored_is_not_taken():
    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.json(b'"%b"' % (asked.get(b"accept-language") or b""), b"Vary: Accept-Language")

    async with ScriptedUpstream(answer) as service:
        shelf = await stored_elsewhere(service, (b"Accept-Language", b"de"))
        async with rigged(service.url, store=shelf) as rig:
            x, body = await rig.ask(b"/rag", b"{}", (b"Accept-Language", b"en"))
            assert (x.outcome, body) == (Outcome.MISS, b'"en"')
            x, body = await rig.ask(b"/rag", b"{}", (b"Accept-Language", b"de"))
            assert (x.outcome, body) == (Outcome.HIT, b'"de"')
    assert len(service.asked) == 2
