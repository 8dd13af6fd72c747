"""What is asked for one client alone on a route by RFC 9111, and what becomes of its call where the client leaves."""

import asyncio

import pytest

from gateway.model.outcome import Outcome, Reason
from tests.support.eventually import eventually
from tests.support.pipeline import rigged
from tests.support.says import HTTP, Says, answer
from tests.support.shelf import Shelf
from tests.support.upstream import ScriptedUpstream

FRESH = b"Cache-Control: max-age=60"


async def test_a_range_of_what_is_not_stored_is_asked_for_as_it_is():
    async with ScriptedUpstream(Says(answer(FRESH))) as upstream, rigged(upstream.url, HTTP) as rig:
        x, _ = await rig.ask(b"/%61", b"", (b"Range", b"bytes=0-1"), method=b"GET")
        assert (x.outcome, x.reason) == (Outcome.BYPASS, Reason.REQUEST_RANGE)
        assert upstream.asked[0].get(b"range") == b"bytes=0-1"
        assert upstream.asked[0].line.split(b" ")[1] == b"/a"  # it may bear on what is stored


async def test_what_bears_on_nothing_is_passed_on_as_it_was_spelled():
    async with ScriptedUpstream(Says(answer(FRESH))) as upstream, rigged(upstream.url, HTTP) as rig:
        await rig.ask(b"/%61", b"", (b"Cache-Control", b"no-store"), (b"X-Host", b"h"), method=b"GET")
        assert upstream.asked[0].line.split(b" ")[1] == b"/%61"
        assert upstream.asked[0].get(b"x-host") == b"h"


@pytest.mark.parametrize("method", [b"HEAD", b"DELETE"])
async def test_a_client_who_leaves_before_it_is_clear_what_its_answer_means_leaves_no_call_behind(method: bytes):
    shelf = Shelf()

    async def purge(_: object) -> None:
        await asyncio.Event().wait()

    service = ScriptedUpstream(Says(answer(FRESH)))
    async with service as upstream, rigged(upstream.url, HTTP, store=shelf) as rig:
        rig.pipeline.voids(purge)
        asking = asyncio.create_task(rig.ask(b"/a", b"", method=method))
        await eventually(lambda: rig.calls.inflight == 1 or asking.done())
        await eventually(lambda: len(upstream.asked) == 1)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await eventually(lambda: rig.calls.inflight == 0)
        await rig.pipeline.close(0)
