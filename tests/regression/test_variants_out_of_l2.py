"""Two who ask at once for variants of one answer, of which L2 holds one: each gets its own.

1 memory is empty, L2 holds the marker and the variant for `fr`; 2 A asks for `fr` and opens the flight, B asks for `en`
and follows, since nothing here tells yet that they differ; 3 the flight finds A's variant in L2, and lands with it.
"""

import asyncio

from gateway.model.outcome import Outcome
from tests.support.pipeline import rigged
from tests.support.shelf import Shelf
from tests.support.upstream import Asked, ScriptedUpstream, Wire


class Store(Shelf):
    async def close(self) -> None:
        pass


async def speaks(asked: Asked, wire: Wire) -> None:
    await wire.json(b'"%b"' % (asked.get(b"accept-language") or b""), b"Vary: Accept-Language")


async def test_a_follower_does_not_get_the_leaders_variant():
    shelf = Store()
    fr, en = ((b"Accept-Language", code) for code in (b"fr", b"en"))
    async with ScriptedUpstream(speaks) as service:
        async with rigged(service.url, store=shelf) as before:
            await before.ask(b"/rag", b"{}", fr)
        async with rigged(service.url, store=shelf) as rig:
            rig.clock.now += 1
            a, b = await asyncio.gather(rig.ask(b"/rag", b"{}", fr), rig.ask(b"/rag", b"{}", en))
    assert (a[0].outcome, a[1]) == (Outcome.HIT, b'"fr"')
    assert b[1] == b'"en"'
