"""Answers by RFC 9111 in the shared tiers: restarts, several workers, neighbours, purges, and the lanes of hits."""

from pathlib import Path
from typing import Any

import pytest

from gateway.policy.purges import Order, Scope
from tests.support.eventually import eventually
from tests.support.gateway import Client, Running, running, settings
from tests.support.http_front import echoing, front, tagged
from tests.support.origin import HTTP, Clock, Origin, ask, date, said
from tests.support.process import serving
from tests.support.redis_server import redis_server
from tests.support.upstream import Asked, Wire

HOUR = "Cache-Control: max-age=3600"
ROUTES = """\
  - name: http
    match: {path: /*}
    cache: http
"""


async def resource(asked: Asked, wire: Wire) -> None:
    await wire.send(said("200 OK", HOUR) if asked.line.startswith(b"GET") else said("204 No Content", body=None))


async def written(gateway: Running) -> None:
    """Until nothing is on its way to the store."""
    await eventually(lambda: gateway.worker._tiers._shared.writes._task is None)


async def test_a_restart_keeps_answers_and_all_their_variants(tmp_path: Path):
    l2 = {"disk": {"path": f"{tmp_path}/l2"}}
    origin, clock = Origin(), Clock()
    origin.answers("/plain", said("200 OK", HOUR))
    origin.answers("/vary", echoing("Accept", HOUR, "Vary: Accept"))
    for expected in (False, True):
        async with front(clock, origin, l2=l2) as at:
            assert (await at.get("/plain")).hit is expected
            for name in ("a/a", "b/b"):
                got = await at.get("/vary", f"Accept: {name}")
                assert (got.hit, got.body) == (expected, name.encode())
            await written(at.gateway)
    async with front(clock, origin, l2=l2) as at:  # nothing is in memory
        assert (await at.get("/plain", "Range: bytes=0-1")).status == 206
        assert (await at.get("/plain", method="HEAD")).hit
        assert (await at.get("/vary", "Accept: a/a", "Cache-Control: only-if-cached")).body == b"a/a"
        assert (await at.get("/vary", "Accept: c/c", "Cache-Control: only-if-cached")).status == 504


async def test_what_is_stale_on_disk_is_validated_after_a_restart(tmp_path: Path):
    l2 = {"disk": {"path": f"{tmp_path}/l2"}}
    origin, clock = Origin(), Clock()
    origin.answers("/a", tagged('"v1"', "Cache-Control: max-age=10"))
    async with front(clock, origin, l2=l2) as at:
        await at.get()
    clock.passes(60)
    async with front(clock, origin, l2=l2) as at:
        got = await at.get()
        assert got.cache_status == "ragfront; fwd=stale; fwd-status=304; stored; detail=stale"
        assert (await at.get()).hit


async def test_two_gateways_on_one_redis_share_answers_validations_and_what_is_void():
    clock = Clock()
    with redis_server() as server:
        shared: dict[str, Any] = {"l2": {"redis": {"url": server.url}}}
        async with (
            Origin() as origin,
            running(settings(origin.url, HTTP, **shared), clock) as one,
            running(settings(origin.url, HTTP, **shared), clock) as other,
            Client(one.port) as here,
            Client(other.port) as there,
        ):
            origin.answers("*", resource)
            await ask(here, "GET", "/a")
            await written(one)
            assert (await ask(there, "GET", "/a")).hit
            await ask(here, "POST", "/a", body=b"x")
            await other.worker.control._follower.catch_up()  # it listens for this all the time
            assert not (await ask(there, "GET", "/a")).hit


async def test_two_workers_on_one_disk_serve_each_other_s_answers_and_no_void_ones(tmp_path: Path):
    async with Origin() as origin:
        origin.answers("*", resource)
        routes = ROUTES.replace("cache: http", "cache: http\n    upstream: rag")
        disk = f'{{disk: {{path: "{tmp_path}/cache"}}}}'
        async with serving(tmp_path, origin.url, disk, workers=2, routes=routes) as gateway:

            async def fresh() -> bool:
                async with Client(gateway.port) as client:  # any of the two
                    return (await ask(client, "GET", "/a")).hit

            await fresh()
            for _ in range(10):
                assert await fresh()
            assert len(origin.asked) == 1
            async with Client(gateway.port) as client:
                await ask(client, "DELETE", "/a")
            before = len(origin.asked)
            for _ in range(30):
                await fresh()
            assert len(origin.asked) == before + 1


PURGES = [
    pytest.param([Order(Scope.ROUTE, "http")], id="by-route"),
    pytest.param([Order(Scope.TAG, "docs")], id="by-tag"),
    pytest.param([Order(Scope.ALL)], id="all"),
]


@pytest.mark.parametrize("orders", PURGES)
async def test_what_is_purged_is_gone(orders: list[Order], tmp_path: Path):
    async with front(l2={"disk": {"path": f"{tmp_path}/l2"}}) as at:
        at.origin.answers("/plain", said("200 OK", HOUR, "Surrogate-Key: docs"))
        at.origin.answers("/vary", echoing("Accept", HOUR, "Vary: Accept", "Surrogate-Key: docs"))
        asked = [("/plain",), ("/vary", "Accept: a/a"), ("/vary", "Accept: b/b")]
        for each in asked:
            await at.get(*each)
        await at.gateway.worker.control.purge(orders)
        assert [(await at.get(*each)).hit for each in asked] == [False] * 3
        assert [(await at.get(*each)).hit for each in asked] == [True] * 3


async def test_a_purge_by_key_takes_all_variants():
    async with front() as at:
        at.origin.answers("/a", echoing("Accept", HOUR, "Vary: Accept"))
        for name in ("a/a", "b/b"):
            await at.get("/a", f"Accept: {name}")
        keyer = at.gateway.worker._pipeline.plan.rule("http").http.keyer
        await at.gateway.worker.control.purge([Order(Scope.KEY, keyer.of_uri(b"http://gw/a").hex())])
        assert [(await at.get("/a", f"Accept: {name}")).hit for name in ("a/a", "b/b")] == [False, False]


async def test_what_is_expired_by_a_purge_is_validated():
    async with front() as at:
        at.origin.answers("/a", tagged('"v1"', HOUR))
        await at.get()
        await at.gateway.worker.control.purge([Order(Scope.ROUTE, "http", expire=True)])
        got = await at.get()
        assert (got.status, got.hit) == (200, False)
        assert at.origin.asked[1].get(b"if-none-match") == b'"v1"'
        assert (await at.get()).hit


HITS = [(), ("Accept: a/a",), ('If-None-Match: "v1"',), ("Range: bytes=1-2",), ("Cache-Control: max-age=30",)]


async def test_all_ways_of_a_hit_give_the_same_bytes():
    clock, got = Clock(), []
    made = f"Date: {date(clock.now)}"
    for lane in ({"memo": True, "parse": True}, {"memo": False, "parse": True}, {"memo": False, "parse": False}):
        async with front(clock, hit_lane=lane) as at:
            at.origin.answers("/plain", tagged('"v1"', HOUR, made, "X-A: 1"))
            at.origin.answers("/vary", tagged('"v1"', HOUR, made, "Vary: Accept"))
            for target in ("/plain", "/vary"):
                for fields in HITS:
                    await at.get(target, *fields)
            at.origin.answers("*", said("500 No"))
            got.append([await at.raw(target, *fields) for target in ("/plain", "/vary") for fields in HITS * 3])
    assert got[0] == got[1] == got[2]
    assert all(b"; hit" in head for head, _ in got[0])
