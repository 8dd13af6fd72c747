"""Hits from disk over sockets: the same bytes, figures and access log whichever way a request takes."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.embedding import ROUTE, answer, embeddings, inputs
from tests.support.eventually import eventually
from tests.support.filters import made
from tests.support.gateway import RAG, Running, field, once, post, running, settings
from tests.support.upstream import Asked, ScriptedUpstream, Wire

QUESTION = b'{"q": 1}'


async def answers(asked: Asked, wire: Wire) -> None:
    vary = [b"Vary: Accept-Language"] if asked.get(b"accept-language") else []
    said = b'{"docs": [], "for": "%b"}' % (asked.get(b"accept-language") or asked.get(b"x-api-key") or b"all")
    await wire.json(said, b'ETag: "v1"', *vary)


@asynccontextmanager
async def disk(folder: Path, upstream: str, **route: Any) -> AsyncIterator[Running]:
    """A gateway that asks the disk each time."""
    distrust = RAG | {"cache": {"l1_ttl": 0}} | route
    more = {"l2": {"disk": {"path": str(folder / "l2")}}, "log": {"access": str(folder / "access")}}
    async with running(settings(upstream, distrust, **more)) as gateway:
        yield gateway


async def written(gateway: Running) -> None:
    """Until nothing is on its way to the disk."""
    await eventually(lambda: gateway.worker._tiers._shared.writes._task is None)


def logged(folder: Path, *names: str) -> list[tuple[Any, ...]]:
    lines = [json.loads(line) for line in (folder / "access").read_text().splitlines()]
    return [tuple(line[name] for name in names) for line in lines]


def told(gateway: Running) -> tuple[int, int, int, int]:
    """Hits and misses of memory and of the disk."""
    stats = gateway.worker._tiers.stats()
    return stats.memory.hits, stats.memory.misses, stats.store.hits, stats.store.misses


async def test_hits_are_told_as_from_disk_and_counted_once(tmp_path: Path) -> None:
    async with ScriptedUpstream(answers) as upstream, disk(tmp_path, upstream.url) as gateway:
        await once(gateway.port, post(b"/rag", QUESTION))
        await written(gateway)
        assert told(gateway) == (0, 1, 0, 1)
        for number in range(5):
            head, body = await once(gateway.port, post(b"/rag", QUESTION, b"X-Request-Id: %d" % number))
            assert field(head, b"cache-status").startswith(b"ragfront; hit; ttl=")
            assert json.loads(body) == {"docs": [], "for": "all"}
        assert told(gateway) == (0, 6, 5, 1)
        await eventually(lambda: len(logged(tmp_path, "tier")) == 6)
        assert logged(tmp_path, "outcome", "tier") == [("miss", None)] + [("hit", "disk")] * 5
    assert len(upstream.asked) == 1


async def test_a_variant_and_a_client_s_own_answer_are_found_by_those_they_are_for(tmp_path: Path) -> None:
    asked = [(b"Accept-Language: de", "de"), (b"Accept-Language: en", "en"), (b"X-Api-Key: a", "a")]
    async with ScriptedUpstream(answers) as upstream:
        async with disk(tmp_path, upstream.url) as gateway:
            for line, _ in asked:
                await once(gateway.port, post(b"/rag", QUESTION, line))
        async with disk(tmp_path, upstream.url) as gateway:  # nothing of it is in memory
            for line, whom in asked * 2:
                _, body = await once(gateway.port, post(b"/rag", QUESTION, line))
                assert json.loads(body)["for"] == whom
            assert told(gateway) == (0, 6, 10, 0)  # a marker and a variant for each of the four
    assert len(upstream.asked) == 3


async def test_what_a_filter_rejects_is_not_looked_for_on_disk(tmp_path: Path) -> None:
    known = {"mode": "enforce", "file": made(tmp_path / "none", ["kb-1"]), "at": "/kb"}
    question, other = b'{"kb": "kb-1"}', b'{"kb": "kb-2"}'
    async with ScriptedUpstream(answers) as upstream:
        async with disk(tmp_path, upstream.url) as gateway:
            for body in (question, other):
                await once(gateway.port, post(b"/rag", body))
        async with disk(tmp_path, upstream.url, bloom={"sample": 0, "known": known}) as gateway:
            for _ in range(3):
                head, _ = await once(gateway.port, post(b"/rag", question))
                assert b"hit" in field(head, b"cache-status")
                head, _ = await once(gateway.port, post(b"/rag", other))
                assert (head[9:12], field(head, b"cache-status").rpartition(b"=")[2]) == (b"404", b"bloom-known")
            assert told(gateway) == (0, 6, 3, 0)
            figures = [figures.rejected for _, kind, figures in gateway.worker._filters.figures() if kind == "known"]
            assert figures == [3]
    assert len(upstream.asked) == 2


async def test_a_list_is_answered_with_its_items_from_disk(tmp_path: Path) -> None:
    route = ROUTE | {"cache": {"l1_ttl": 0}}
    l2 = {"disk": {"path": str(tmp_path / "l2")}}
    async with ScriptedUpstream(answer) as upstream, running(settings(upstream.url, route, l2=l2)) as gateway:
        for texts in (["a", "bb", "ccc"], ["ccc", "a"], ["bb", "dddd"]):
            body = json.dumps({"model": "m", "input": texts}).encode()
            _, got = await once(gateway.port, post(b"/v1/embeddings", body))
            assert json.loads(got) == embeddings(texts)
            await written(gateway)
        stats = gateway.worker._tiers.stats().store
        assert (stats.hits, stats.misses) == (3, 4)
        assert inputs(upstream) == [["a", "bb", "ccc"], "dddd"]


@pytest.mark.parametrize("line", [b'If-None-Match: "v1"', b"Range: bytes=0-1", b"Cache-Control: no-cache"])
async def test_what_is_not_for_the_short_way_is_answered_by_the_ordinary_one(tmp_path: Path, line: bytes) -> None:
    async with ScriptedUpstream(answers) as upstream:
        async with disk(tmp_path, upstream.url) as gateway:
            first = await once(gateway.port, post(b"/rag", QUESTION))
            await written(gateway)
            head, body = await once(gateway.port, post(b"/rag", QUESTION, line))
            assert (head[9:12], body) == (b"200", first[1])
            assert sum(told(gateway)[2:]) <= 2
