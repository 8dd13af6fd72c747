"""Redis ledger: what is no Redis, or refuses, is a ledger that is away; whose keys are one slot's."""

from functools import partial

import pytest

from gateway.control.redis_ledger import RedisLedger
from gateway.control.store import Row
from gateway.link.redis_client import client
from gateway.model.errors import StoreUnavailable
from gateway.model.settings.tiers import RedisSettings
from tests.support.ports import free_port
from tests.support.redis_server import redis_server, redis_with_user


def ledger(url: str) -> RedisLedger:
    return RedisLedger(partial(client, RedisSettings(url=url)), "ragfront:")


async def test_nobody_there_is_a_ledger_that_is_away():
    away = ledger(f"redis://127.0.0.1:{free_port()}/0")
    for asking in (away.read(0), away.append(0, [Row(1, b"")]), away.members(), away.changed(0), away.dismiss("m")):
        with pytest.raises(StoreUnavailable):
            await asking
    await away.close()


async def test_another_s_keys_are_not_taken_for_a_ledger():
    with redis_server() as server:
        other = server.client()
        other.set("ragfront:{ledger}:rows", "x")
        other.xadd("ragfront:{ledger}:fleet", {"a": "b"})
        made = ledger(server.url)
        with pytest.raises(StoreUnavailable):
            await made.read(0)
        with pytest.raises(StoreUnavailable):
            await made.append(0, [Row(1, b"a")])
        with pytest.raises(StoreUnavailable):
            await made.members()
        other.flushall()
        assert await made.append(0, [Row(1, b"a")])
        await made.close()
        other.close()


async def test_a_user_with_the_rights_that_are_named_can_use_it():
    with redis_with_user("gw", "pw") as server:
        made = ledger(f"redis://gw:pw@127.0.0.1:{server.port}/0")
        assert await made.append(0, [Row(1, b"a")])
        await made.enroll("m1", b"x")
        await made.enroll("m1", b"y", anew=False)
        await made.changed(0)
        assert (await made.read(0)).newest == 1
        assert await made.rewrite(1, [Row(1, b"b")])
        await made.dismiss("m1")
        assert await made.members() == {}
        await made.close()
