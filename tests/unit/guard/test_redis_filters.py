"""Redis filters: one in the place of another, over a server and over a Cluster; what is no Redis is away."""

from functools import partial

import pytest

from gateway.guard.filter_store import Shared
from gateway.guard.redis_filters import RedisFilters
from gateway.link.redis_client import client
from gateway.model.errors import StoreUnavailable
from gateway.model.settings.tiers import RedisSettings
from tests.support.ports import free_port
from tests.support.redis_server import redis_cluster, redis_server, redis_with_user

DATA = bytes(range(256)) * 5000


def filters(url: str, **more: bool) -> RedisFilters:
    return RedisFilters(partial(client, RedisSettings(url=url, **more)), "ragfront:")


async def exchange(made: RedisFilters) -> None:
    assert await made.newest(["a known", "b known"]) == {}
    assert await made.read("a known") is None
    assert await made.write("a known", 0, Shared(5, DATA))
    assert not await made.write("a known", 0, Shared(6, b"x"))
    assert not await made.write("a known", 4, Shared(6, b"x"))
    assert await made.newest(["a known", "b known"]) == {"a known": 5}
    assert await made.read("a known") == Shared(5, DATA)
    assert await made.write("a known", 5, Shared(6, b"y"))
    assert await made.read("a known") == Shared(6, b"y")
    await made.close()


async def test_one_takes_the_place_of_the_one_that_is_known() -> None:
    with redis_with_user("gw", "pw") as server:
        await exchange(filters(f"redis://gw:pw@127.0.0.1:{server.port}/0"))


async def test_over_a_cluster() -> None:
    with redis_cluster() as nodes:
        await exchange(filters(nodes[0].url, cluster=True))


async def test_who_is_not_there_or_says_something_else_is_away() -> None:
    with redis_server() as server:
        other = server.client()
        other.set("ragfront:filters", "x")
        for made in (filters(server.url), filters(f"redis://127.0.0.1:{free_port()}/0")):
            for asking in (made.newest(["a known"]), made.read("a known"), made.write("a known", 0, Shared(1, b""))):
                with pytest.raises(StoreUnavailable):
                    await asking
            await made.close()
        other.close()
