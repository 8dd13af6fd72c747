"""Something answers at Redis's address, and what it says is garbage, or breaks off: no client of a gateway sees it."""

import asyncio
import json
import logging

import pytest

from tests.support.gateway import RAG, Client, post, running, settings
from tests.support.imposter import imposter
from tests.support.leaks import left_nothing
from tests.support.upstream import Asked, ScriptedUpstream, Wire

LIES = {
    "garbage": (b"\x00\xff garbage \r\n", False),
    "http": (b"HTTP/1.1 400 Bad Request\r\n\r\n", False),
    "cut within a reply": (b"*2\r\n$100\r\nhalf of it", True),
    "hangs up": (b"", True),
    "another answer": (b"+OK\r\n", False),
    "a list of another length": (b"*5\r\n:1\r\n:2\r\n:3\r\n:4\r\n:5\r\n", False),
    "says nothing": (b"", False),
}


async def echo(asked: Asked, wire: Wire) -> None:
    await wire.json(asked.body)


@pytest.mark.parametrize(("says", "hangs_up"), LIES.values(), ids=LIES)
async def test_every_answer_is_right_and_comes_in_time(says: bytes, hangs_up: bool, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG, "ragfront")
    async with imposter(says, hangs_up=hangs_up) as redis, ScriptedUpstream(echo) as upstream:
        configured = settings(upstream.url, RAG, l2={"redis": {"url": redis.url}})
        async with running(configured) as gateway, Client(gateway.port) as client:
            for number in [*range(20), *range(20)]:
                question = json.dumps({"query": f"q {number}"}).encode()
                async with asyncio.timeout(5):
                    head, body = await client.ask(post(b"/rag", question))
                assert (head[9:12], body) == (b"200", question)
            assert len(upstream.asked) == 20  # memory is the buffer that it is meant to be
            await left_nothing(gateway)
    said = [record for record in caplog.records if record.name == "ragfront.cache"]
    assert len([record for record in said if record.levelno >= logging.WARNING]) <= 1
    assert not any(record.exc_info for record in caplog.records)
