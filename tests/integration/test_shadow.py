"""Shadow and drift over sockets: what clients get comes from the upstream alone, and what is found out is told."""

import asyncio
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gateway.app import Worker, WorkerSpec
from tests.support.eventually import eventually
from tests.support.gateway import RAG, Client, Running, field, once, post, running, settings
from tests.support.upstream import Asked, ScriptedUpstream, Wire

SHAPE = {"shape": {"answer": "/answer", "documents": "/docs", "delta": "/answer", "event_documents": "/docs"}}
ON = RAG | SHAPE | {"drift": {"sample": "100%", "rate": "1000/s"}}
SHADOW = ON | {"cache": {"mode": "shadow"}}


class Numbered:
    """No two answers alike: JSON, or events where they are asked for. docs: what they cite."""

    def __init__(self) -> None:
        self.number = 0
        self.docs: list[Any] = [{"id": 1}]

    async def __call__(self, asked: Asked, wire: Wire) -> None:
        self.number += 1
        says = json.dumps({"answer": "it is so", "docs": self.docs, "number": self.number}).encode()
        if b"stream" not in asked.body:
            await wire.json(says)
            return
        events = b"data: %b\n\ndata: [DONE]\n\n" % says
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        await wire.send(head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(events), events))


def page(gateway: Running) -> dict[str, float]:
    lines = gateway.worker._metrics.render()[0].decode().splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def compared(gateway: Running) -> dict[str, float]:
    """By result, whatever the age."""
    found: dict[str, float] = {}
    for name, value in page(gateway).items():
        if name.startswith("ragfront_drift_compared_total"):
            result = name.split('result="')[1].split('"')[0]
            found[result] = found.get(result, 0) + value
    return found


@pytest.mark.parametrize("body", [b"{}", b'{"stream": true}'])
async def test_in_shadow_no_stored_answer_ever_reaches_a_client(body):
    service = Numbered()
    async with ScriptedUpstream(service) as upstream, running(settings(upstream.url, SHADOW)) as gateway:
        async with Client(gateway.port) as client:
            for number in range(1, 8):
                head, got = await client.ask(post(b"/rag", body))
                assert b'"number": %d}' % number in got
                would = b"miss" if number == 1 else b"hit"
                assert (field(head, b"cache-status") or b"").startswith(b"ragfront; fwd=bypass;")
                assert (field(head, b"cache-status") or b"").endswith(b"detail=shadow-" + would)
                assert field(head, b"age") is None
        await eventually(lambda: compared(gateway) == {"same": 6})
        told = page(gateway)
        assert told['ragfront_shadow_requests_total{outcome="hit",route="rag"}'] == 6
        assert told['ragfront_shadow_requests_total{outcome="miss",route="rag"}'] == 1
        assert 'ragfront_requests_total{outcome="hit",route="rag"}' not in told
    assert service.number == 7


async def test_what_was_served_before_a_reload_into_shadow_is_served_no_more():
    service = Numbered()
    async with ScriptedUpstream(service) as upstream:
        now = [settings(upstream.url, ON | {"drift": {}})]
        worker = Worker(WorkerSpec(now[0], lambda: now[-1]))
        await worker.start()
        gateway = Running(worker, now[0])
        try:
            async with Client(gateway.port) as client:
                for _ in range(5):
                    assert b'"number": 1}' in (await client.ask(post(b"/rag", b"{}")))[1]
                now.append(now[0].model_copy(update={"routes": settings(upstream.url, SHADOW).routes}))
                worker.reload()
                for number in range(2, 7):
                    head, got = await client.ask(post(b"/rag", b"{}"))
                    assert b'"number": %d}' % number in got
                    assert b"detail=shadow-hit" in (field(head, b"cache-status") or b"")
                now.append(now[0])
                worker.reload()
                assert b'"number": 1}' in (await client.ask(post(b"/rag", b"{}")))[1]
        finally:
            await worker.stop()


async def test_the_access_log_tells_what_would_have_been(tmp_path: Path):
    log = tmp_path / "access.log"
    more = {"log": {"access": str(log)}}
    async with ScriptedUpstream(Numbered()) as upstream, running(settings(upstream.url, SHADOW, **more)) as gateway:
        for _ in range(2):
            await once(gateway.port, post(b"/rag", b"{}"))
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(line["outcome"], line["reason"], line["would"]) for line in lines] == [
        ("bypass", "shadow", "miss"),
        ("bypass", "shadow", "hit"),
    ]


@pytest.mark.parametrize("body", [b"{}", b'{"stream": true}'])
async def test_hits_are_asked_again_aside_and_what_is_served_stays_as_it_is(body):
    service = Numbered()
    async with ScriptedUpstream(service) as upstream, running(settings(upstream.url, ON)) as gateway:
        async with Client(gateway.port) as client:

            async def hit() -> bool:
                gateway.worker._sampler.listen()
                assert b'"number": 1}' in (await client.ask(post(b"/rag", body)))[1]
                await asyncio.sleep(0)
                return sum(compared(gateway).values()) >= 3

            await client.ask(post(b"/rag", body))
            await eventually(hit)
            assert set(compared(gateway)) == {"same"}
            service.docs = [{"id": 2}]

            async def differs() -> bool:
                await hit()
                return compared(gateway).get("documents", 0) >= 2

            await eventually(differs)
    assert service.number >= 5


async def test_credentials_go_with_the_question_and_nowhere_else(caplog):
    service = Numbered()
    async with ScriptedUpstream(service) as upstream, running(settings(upstream.url, ON)) as gateway:

        async def drawn(secret: bytes) -> bool:
            gateway.worker._sampler.listen()
            await once(gateway.port, post(b"/rag", b"{}", b"Authorization: " + secret))
            return [asked.get(b"authorization") for asked in upstream.asked].count(secret) > 1

        for secret in (b"Bearer one", b"Bearer two"):
            await eventually(partial(drawn, secret))
        assert {asked.get(b"authorization") for asked in upstream.asked} == {b"Bearer one", b"Bearer two"}
        assert "Bearer" not in gateway.worker._metrics.render()[0].decode()
    assert "Bearer" not in caplog.text


async def test_an_upstream_that_fails_meanwhile_harms_nobody():
    service = Numbered()
    async with ScriptedUpstream(service) as upstream, running(settings(upstream.url, ON)) as gateway:
        async with Client(gateway.port) as client:
            await client.ask(post(b"/rag", b"{}"))
            await upstream.stop()

            async def failed() -> bool:
                gateway.worker._sampler.listen()
                assert b'"number": 1}' in (await client.ask(post(b"/rag", b"{}")))[1]
                return compared(gateway).get("failed", 0) >= 1

            await eventually(failed)
