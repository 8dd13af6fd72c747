"""Talks with Redis: limited in time and number, and nothing foreign comes out."""

import asyncio

import pytest

from gateway.link.redis_client import Client, client
from gateway.link.redis_talk import Talk
from gateway.model.errors import StoreUnavailable
from gateway.model.settings.tiers import RedisSettings
from tests.support.redis_server import redis_server


def talk_to(url: str, at_once: int | None = None) -> tuple[Talk, list[Client]]:
    made: list[Client] = []

    def connect() -> Client:
        made.append(client(RedisSettings(url=url)))
        return made[-1]

    return Talk(connect, at_once), made


async def test_one_client_for_all_until_something_foreign_happens() -> None:
    with redis_server() as server:
        talk, made = talk_to(server.url)
        assert await talk.ask(lambda redis: redis.execute_command("SET", "a", "1")) is True
        assert await talk.ask(lambda redis: redis.execute_command("GET", "a")) == b"1"
        with pytest.raises(StoreUnavailable, match="redis: unknown command"):
            await talk.ask(lambda redis: redis.execute_command("NONSENSE"))
        assert len(made) == 1

        async def foreign(redis: object) -> None:
            raise ZeroDivisionError

        with pytest.raises(StoreUnavailable):
            await talk.ask(foreign)
        assert await talk.ask(lambda redis: redis.execute_command("GET", "a")) == b"1"
        assert len(made) == 2
        await talk.close()


async def test_what_takes_too_long_is_told_as_that() -> None:
    with redis_server() as server:
        talk, _ = talk_to(server.url)
        with pytest.raises(StoreUnavailable, match=r"no answer in 0\.05 s"):
            await talk.ask(lambda redis: redis.execute_command("BLPOP", "none", 10), 0.05)
        await talk.close()


async def test_so_many_at_once_and_no_more() -> None:
    with redis_server() as server:
        talk, _ = talk_to(server.url, at_once=2)
        under_way, gate, most = 0, asyncio.Event(), []

        async def held(redis: object) -> None:
            nonlocal under_way
            under_way += 1
            most.append(under_way)
            await gate.wait()
            under_way -= 1

        talking = [asyncio.create_task(talk.ask(held)) for _ in range(5)]
        while len(most) < 2:
            await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(*talking)
        assert (len(most), max(most)) == (5, 2)
        await talk.close()


async def test_closed_it_asks_nothing() -> None:
    talk, made = talk_to("redis://127.0.0.1:1")
    await talk.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await talk.ask(lambda redis: redis.execute_command("PING"))
    assert made == []
