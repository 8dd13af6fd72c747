"""Filters over sockets: what cannot exist never reaches the service, and what exists always does."""

import asyncio
import json
import os
from pathlib import Path

import aiohttp
import pytest

from tests.support.eventually import eventually
from tests.support.filters import made
from tests.support.gateway import RAG, field, once, post, running, settings
from tests.support.process import serving
from tests.support.upstream import Asked, ScriptedUpstream, Wire

EMPTY = {"when": [{"pointer": "/docs", "is": []}], "ttl": "60s"}
ANSWERED = EMPTY | {"answer": {"body": {"query": "{/query}", "docs": []}}}
KNOWN = [f"kb-{n}" for n in range(1000)]


async def rag(asked: Asked, wire: Wire) -> None:
    """Finds something for each query with an `a` in it."""
    query = json.loads(asked.body or b"{}").get("query", "")
    docs = b'[{"id": 1}]' if "a" in query else b"[]"
    await wire.json(b'{"query": %b, "docs": %b}' % (json.dumps(query).encode(), docs))


def ask(query: str = "a", path: bytes = b"/rag", **more: object) -> bytes:
    return post(path, json.dumps({"query": query, **more}).encode())


def told(gateway, kind: str) -> dict[str, int]:
    (figures,) = (f for _, each, f in gateway.worker._filters.figures() if each == kind)
    names = ("rejected", "observed", "sampled", "empty", "found", "unknown")
    return {name: getattr(figures, name) for name in names if getattr(figures, name)}


async def many(port: int, bodies: list[dict[str, str]]) -> list[str]:
    """Cache-Status of each answer."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=16)) as session:
        waiting = asyncio.Queue()
        for body in bodies:
            waiting.put_nowait(body)
        found: list[str] = []

        async def client() -> None:
            while not waiting.empty():
                async with session.post(f"http://127.0.0.1:{port}/rag", json=waiting.get_nowait()) as answer:
                    found.append(answer.headers["Cache-Status"])
                    await answer.read()

        await asyncio.gather(*(client() for _ in range(16)))
    return found


async def test_ten_thousand_random_ids_make_no_upstream_call_and_no_known_one_is_rejected(tmp_path: Path):
    bloom = {"sample": 0, "known": {"mode": "enforce", "file": made(tmp_path / "f", KNOWN), "at": "/kb"}}
    async with ScriptedUpstream(rag) as upstream, running(settings(upstream.url, RAG | {"bloom": bloom})) as gateway:
        found = await many(gateway.port, [{"kb": os.urandom(8).hex(), "query": "a"} for _ in range(10_000)])
        assert set(found) == {"ragfront; detail=bloom-known"}
        assert upstream.asked == []
        found = await many(gateway.port, [{"kb": kb, "query": "a"} for kb in KNOWN])
        assert set(found) == {"ragfront; fwd=uri-miss; stored"}
        assert len(upstream.asked) == 1000
        assert told(gateway, "known") == {"rejected": 10_000}


async def test_a_loose_filter_lets_about_its_error_rate_through(tmp_path: Path):
    file = tmp_path / "f"
    made(file, [f"kb-{n}" for n in range(10_000)], error_rate=0.1)
    bloom = {"sample": 0, "known": {"mode": "enforce", "file": str(file), "at": "/kb"}}
    async with ScriptedUpstream(rag) as upstream, running(settings(upstream.url, RAG | {"bloom": bloom})) as gateway:
        await many(gateway.port, [{"kb": os.urandom(8).hex(), "query": "a"} for _ in range(2000)])
        expected = gateway.worker._filters.files._files[str(file), "known"].filter.expected_rate
    assert len(upstream.asked) < 2000 * 0.1 + 5 * 14
    assert expected <= 0.1


async def test_an_id_in_the_path(tmp_path: Path):
    route = {
        "name": "kb",
        "match": {"path": "/kb/{id}/ask"},
        "bloom": {"sample": 0, "known": {"mode": "enforce", "file": made(tmp_path / "f", ["a b"]), "at": "{id}"}},
    }
    async with ScriptedUpstream(rag) as upstream, running(settings(upstream.url, route)) as gateway:
        good, _ = await once(gateway.port, ask(path=b"/kb/a%20b/ask"))
        bad, body = await once(gateway.port, ask(path=b"/kb/zz/ask"))
    assert good.startswith(b"HTTP/1.1 200")
    assert bad.startswith(b"HTTP/1.1 404")
    assert field(bad, b"cache-status") == b"ragfront; detail=bloom-known"
    assert json.loads(body)["reason"] == "bloom-known"
    assert len(upstream.asked) == 1


async def test_a_rejected_query_gets_the_routes_empty_answer_with_itself_in_it(tmp_path: Path):
    words = {"mode": "enforce", "file": made(tmp_path / "f", ["alpha"], "vocabulary"), "pointers": ["/query"]}
    route = RAG | {"empty": ANSWERED, "bloom": {"sample": 0, "vocabulary": words}}
    async with ScriptedUpstream(rag) as upstream, running(settings(upstream.url, route)) as gateway:
        for _ in range(2):  # no lane remembers it
            head, body = await once(gateway.port, ask('qwertz "x"'))
            assert head.startswith(b"HTTP/1.1 200 OK")
            assert field(head, b"content-type") == b"application/json"
            assert field(head, b"cache-status") == b"ragfront; detail=bloom-vocabulary"
            assert json.loads(body) == {"query": 'qwertz "x"', "docs": []}
        assert upstream.asked == []
        for query in ("the alpha?", "what is it?"):
            head, _ = await once(gateway.port, ask(query))
            assert b"fwd=uri-miss" in field(head, b"cache-status")


@pytest.mark.parametrize("mode", ["enforce", "observe"])
async def test_what_came_back_empty_outlives_the_null_markers_memory(mode: str):
    route = RAG | {"empty": ANSWERED, "bloom": {"sample": 0, "seen_empty": {"mode": mode}}}
    async with ScriptedUpstream(rag) as upstream, running(settings(upstream.url, route)) as gateway:
        await once(gateway.port, ask("zzz"))
        head, _ = await once(gateway.port, ask("zzz"))
        assert b"hit" in field(head, b"cache-status")
        gateway.worker._tiers._memory._entries.clear()
        head, body = await once(gateway.port, ask("zzz"))
        if mode == "enforce":
            assert field(head, b"cache-status") == b"ragfront; detail=bloom-seen-empty"
            assert json.loads(body) == {"query": "zzz", "docs": []}
            assert len(upstream.asked) == 1
        else:
            assert len(upstream.asked) == 2
            assert told(gateway, "seen_empty") == {"observed": 1, "empty": 1}
        await once(gateway.port, ask("abc"))
        gateway.worker._tiers._memory._entries.clear()
        head, _ = await once(gateway.port, ask("abc"))
        assert b"fwd=uri-miss" in field(head, b"cache-status")


async def test_a_worker_learns_from_the_shared_tier_what_another_found_empty(tmp_path: Path):
    route = RAG | {"empty": ANSWERED, "bloom": {"sample": 0, "seen_empty": {"mode": "enforce"}}}
    l2 = {"disk": {"path": str(tmp_path / "l2"), "max_bytes": 1 << 22}}
    async with ScriptedUpstream(rag) as upstream:
        async with running(settings(upstream.url, route, l2=l2)) as first:
            await once(first.port, ask("zzz"))
        async with running(settings(upstream.url, route, l2=l2)) as second:
            head, _ = await once(second.port, ask("zzz"))
            assert b"hit" in field(head, b"cache-status")
            second.worker._tiers._memory._entries.clear()
            head, _ = await once(second.port, ask("zzz"))
            assert field(head, b"cache-status") == b"ragfront; detail=bloom-seen-empty"
    assert len(upstream.asked) == 1


async def test_observing_passes_all_and_tells_how_often_it_would_have_been_wrong(tmp_path: Path):
    bloom = {"known": {"file": made(tmp_path / "f", KNOWN), "at": "/kb"}}
    route = RAG | {"empty": EMPTY, "bloom": bloom}
    async with ScriptedUpstream(rag) as upstream, running(settings(upstream.url, route)) as gateway:
        for n in range(20):
            await once(gateway.port, ask("a" if n < 5 else "zzz", kb=f"no-{n}"))
        assert len(upstream.asked) == 20
        assert told(gateway, "known") == {"observed": 20, "found": 5, "empty": 15}


async def test_a_sample_of_the_rejected_is_asked_all_the_same(tmp_path: Path):
    bloom = {"sample": "100%", "known": {"mode": "enforce", "file": made(tmp_path / "f", KNOWN), "at": "/kb"}}
    route = RAG | {"empty": EMPTY, "bloom": bloom}
    async with ScriptedUpstream(rag) as upstream, running(settings(upstream.url, route)) as gateway:
        head, _ = await once(gateway.port, ask("a", kb="no"))
        assert field(head, b"cache-status") == b"ragfront; fwd=uri-miss; stored"
        assert told(gateway, "known") == {"sampled": 1, "found": 1}


async def test_shadow_counts_and_rejects_nobody(tmp_path: Path):
    bloom = {"sample": 0, "known": {"mode": "enforce", "file": made(tmp_path / "f", KNOWN), "at": "/kb"}}
    route = RAG | {"empty": EMPTY, "bloom": bloom, "cache": {"mode": "shadow"}}
    async with ScriptedUpstream(rag) as upstream, running(settings(upstream.url, route)) as gateway:
        await once(gateway.port, ask("zzz", kb="no"))
        assert len(upstream.asked) == 1
        assert told(gateway, "known") == {"observed": 1, "empty": 1}


async def test_a_replaced_file_is_in_force_within_a_second_and_a_bad_one_never(tmp_path: Path):
    file = tmp_path / "f"
    bloom = {"sample": 0, "known": {"mode": "enforce", "file": made(file, ["old"]), "at": "/kb"}}
    async with ScriptedUpstream(rag) as upstream, running(settings(upstream.url, RAG | {"bloom": bloom})) as gateway:

        async def rejected(kb: str) -> bool:
            head, _ = await once(gateway.port, ask(f"a{os.urandom(4).hex()}", kb=kb))  # nothing stored answers it
            return field(head, b"cache-status") == b"ragfront; detail=bloom-known"

        assert await rejected("new")
        made(file, ["new"])

        async def swapped() -> bool:
            return await rejected("old") and not await rejected("new")

        await eventually(swapped, 5)
        file.write_bytes(b"junk")
        state = gateway.worker._filters.files._files[str(file), "known"]
        await eventually(lambda: state.refused == 1, 5)
        assert await swapped()


async def test_a_replaced_file_is_in_force_in_every_worker_within_a_second(tmp_path: Path):
    file = tmp_path / "f"
    made(file, ["old"])
    bloom = f"    bloom: {{sample: 0, known: {{mode: enforce, file: {file}, at: /kb}}}}"
    async with ScriptedUpstream(rag) as upstream, serving(tmp_path, upstream.url, "off", workers=2, route=bloom) as one:

        async def all_reject(kb: str) -> list[bool]:
            """Of 30 connections, which the workers share: is it rejected?"""
            asked = [once(one.port, ask(f"a{os.urandom(4).hex()}", kb=kb)) for _ in range(30)]
            heads = [head for head, _ in await asyncio.gather(*asked)]
            return [field(head, b"cache-status") == b"ragfront; detail=bloom-known" for head in heads]

        assert set(await all_reject("new")) == {True}
        made(file, ["new"])
        await asyncio.sleep(1)  # what is promised
        assert set(await all_reject("old")) == {True}
        assert set(await all_reject("new")) == {False}

        async def counted() -> bool:
            async with aiohttp.request("GET", f"http://127.0.0.1:{one.admin}/metrics") as answer:
                page = await answer.text()
            return (
                'ragfront_bloom_doubts_total{action="rejected",kind="known",route="rag"} 60.0' in page
                and 'ragfront_bloom_items{kind="known",route="rag"} 1.0' in page
                and 'ragfront_requests_total{outcome="rejected",route="rag"} 60.0' in page
            )

        await eventually(counted, 5)
