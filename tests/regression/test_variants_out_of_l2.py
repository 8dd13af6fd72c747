"""Two who ask at once for variants of one answer, of which L2 holds one: each gets its own.

1 memory is empty, L2 holds the marker and the variant for `fr`; 2 A asks for `fr` and opens the flight, B asks for `en`
and follows, since nothing here tells yet that they differ; 3 the flight finds A's variant in L2, and lands with it.
"""

import asyncio

from gateway.model.outcome import Outcome
from tests.support.eventually import eventually
from tests.support.pipeline import rigged
from tests.support.says import HTTP
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


async def test_who_follows_another_process_gets_nothing_coded_that_it_cannot_read():
    """1 a call of another process brings gzip, without saying that it varies; 2 somebody who takes none asks here, and
    led a flight that followed it; what one leads was taken for what one has asked for.
    """
    shelf, go_on = Store(), asyncio.Event()

    async def coded(asked: Asked, wire: Wire) -> None:
        if b"gzip" not in (asked.get(b"accept-encoding") or b""):
            await wire.send(b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 5\r\n\r\nplain")
            return
        await wire.send(
            b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Encoding: gzip\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n2\r\nGZ\r\n"
        )
        await go_on.wait()
        await wire.send(b"2\r\nIP\r\n0\r\n\r\n")

    async with (
        ScriptedUpstream(coded) as service,
        rigged(service.url, HTTP, store=shelf) as there,
        rigged(service.url, HTTP, store=shelf) as here,
    ):
        first = asyncio.create_task(there.ask(b"/a", b"", (b"Accept-Encoding", b"gzip"), method=b"GET"))
        await eventually(lambda: shelf.logs)
        second = asyncio.create_task(here.ask(b"/a", b"", method=b"GET"))
        await eventually(lambda: len(service.asked) == 2 or second.done())
        go_on.set()
        assert ((await first)[1], (await second)[1]) == (b"GZIP", b"plain")
