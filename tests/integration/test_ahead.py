"""What is asked before anybody waits for it: hot entries before their end, hot questions after a start or a purge."""

from pathlib import Path

from gateway.model.entry import Entry
from tests.support.eventually import eventually
from tests.support.gateway import Client, Running, field, once, post, running, settings
from tests.support.upstream import Asked, ScriptedUpstream, Wire

ROUTE = {"name": "rag", "match": {"method": ["POST"], "path": "/rag"}}


async def counts(asked: Asked, wire: Wire) -> None:
    await wire.json(b'{"asked": %b}' % asked.body)


def entries(gateway: Running) -> dict[bytes, Entry]:
    memory = gateway.worker._tiers._memory
    return {key: entry for key in memory._entries if (entry := memory.get(key)) is not None}


async def test_a_hit_that_is_due_has_its_entry_asked_anew_whichever_way_it_comes():
    number = 0

    async def numbered(asked: Asked, wire: Wire) -> None:
        nonlocal number
        number += 1
        await wire.json(b"%d" % number)

    route = ROUTE | {"cache": {"early_revalidation": "100%"}}
    async with ScriptedUpstream(numbered) as upstream, running(settings(upstream.url, route)) as gateway:
        async with Client(gateway.port) as client:
            for expected in (b"1", b"1", b"1", b"1"):  # by the memo, where there is one, from the third on
                assert (await client.ask(post(b"/rag", b"{}")))[1] == expected
            (entry,) = entries(gateway).values()
            entry.hit_until = 0.0
            head, body = await client.ask(post(b"/rag", b"{}"))
            assert body == b"1"
            status = field(head, b"cache-status")
            assert status is not None
            assert status.startswith(b"ragfront; hit; ttl=")
            assert status.endswith(b"detail=revalidating-early")
            await eventually(lambda: entries(gateway) and next(iter(entries(gateway).values())).body == b"2")
            head, body = await client.ask(post(b"/rag", b"{}"))
            assert body == b"2"
            assert b"detail" not in (field(head, b"cache-status") or b"")
    assert number == 2


async def hear(gateway: Running, body: bytes, *fields: bytes) -> None:
    """Ask until it has been noted, or some times over where it must not be."""
    heat, route = gateway.worker._heat, gateway.settings.routes[0]
    async with Client(gateway.port) as client:
        for _ in range(20):
            gateway.worker._sampler.listen()
            await client.ask(post(b"/rag", body, *fields))
            if body in [one.body for one in heat.top(route)]:
                return


async def test_after_a_start_the_hottest_questions_are_asked_before_anybody_does(tmp_path: Path):
    route = ROUTE | {"warm": {"top": 5, "rate": "100/s"}}
    more = {"l2": {"disk": {"path": str(tmp_path), "max_bytes": "16MiB"}}}
    async with ScriptedUpstream(counts) as upstream:
        async with running(settings(upstream.url, route, **more)) as gateway:
            await hear(gateway, b'"kept"')
            await hear(gateway, b'"gone"')
            await hear(gateway, b'"mine"', b"Authorization: Bearer s3cret")
            for key, entry in entries(gateway).items():
                if b"kept" not in entry.body:
                    gateway.worker._tiers.forget(key)
        upstream.asked.clear()
        async with running(settings(upstream.url, route, **more)) as gateway:
            await eventually(lambda: len(entries(gateway)) == 2)
            assert [asked.body for asked in upstream.asked] == [b'"gone"']
            for body in (b'"gone"', b'"kept"'):
                head, answer = await once(gateway.port, post(b"/rag", body))
                assert (field(head, b"cache-status") or b"").startswith(b"ragfront; hit"), head
                assert answer == b'{"asked": %b}' % body
            page = gateway.worker._metrics.render()[0]
            assert b'ragfront_warmed_total{result="stored",route="rag"} 1.0' in page
            assert b'ragfront_warmed_total{result="present",route="rag"} 1.0' in page
    assert b"s3cret" not in b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


async def test_after_a_purge_they_are_asked_again():
    route = ROUTE | {"warm": {"top": 5, "rate": "100/s"}}
    async with ScriptedUpstream(counts) as upstream, running(settings(upstream.url, route)) as gateway:
        await hear(gateway, b'"hot"')
        for key in entries(gateway):
            gateway.worker._tiers.forget(key)
        upstream.asked.clear()
        gateway.worker._warmer.again("rag")
        await eventually(lambda: bool(entries(gateway)))
        head, _ = await once(gateway.port, post(b"/rag", b'"hot"'))
        assert (field(head, b"cache-status") or b"").startswith(b"ragfront; hit")
        assert len(upstream.asked) == 1
