"""Health: what a check takes for well; that checks go on, and end."""

import asyncio

import pytest

from gateway.model.settings.upstream import UpstreamSettings
from gateway.upstream.health import HealthChecks
from gateway.upstream.replica import replicas_of
from tests.support.ports import free_port
from tests.support.upstream import Asked, ScriptedUpstream, Wire


async def says_200(asked: Asked, wire: Wire) -> None:
    await wire.send(b"HTTP/1.1 103 Early\r\n\r\n")
    await wire.json(b"{}")


async def says_204(asked: Asked, wire: Wire) -> None:
    await wire.send(b"HTTP/1.1 204 No Content\r\n\r\n")


async def says_500(asked: Asked, wire: Wire) -> None:
    await wire.json(b"{}", status=b"500 Oh")


async def says_nothing(asked: Asked, wire: Wire) -> None:
    await wire.reader.read(1)


async def says_nonsense(asked: Asked, wire: Wire) -> None:
    await wire.send(b"SSH-2.0\r\n\r\n")


async def resets(asked: Asked, wire: Wire) -> None:
    wire.reset()


def checks(url: str, tell=lambda *told: None, **health) -> tuple[HealthChecks, tuple]:
    health = {"path": "/health?deep=1", "timeout": "100ms", "interval": "100ms", **health}
    settings = UpstreamSettings.model_validate({"urls": [url + "/v1"], "health": health})
    return HealthChecks("rag", settings, tell, lambda: 0.0), replicas_of(settings)


@pytest.mark.parametrize(
    ("answer", "well"),
    [(says_200, True), (says_204, False), (says_500, False), (says_nothing, False), (says_nonsense, False),
     (resets, False)],
)  # fmt: skip
async def test_what_is_well(answer, well):
    async with ScriptedUpstream(answer) as service:
        made, (replica,) = checks(service.url)
        assert await made._is_well(replica) is well
        await made.close()
        await service.until(lambda: service.open == 0)
    asked = service.asked[0]
    assert asked.line == b"GET /health?deep=1 HTTP/1.1"
    assert asked.get(b"host") == b"127.0.0.1:%d" % service.port


async def test_other_statuses_may_be_stated():
    async with ScriptedUpstream(says_204) as service:
        made, (replica,) = checks(service.url, statuses=[200, 204])
        assert await made._is_well(replica)
        await made.close()


async def test_nobody_there_is_not_well():
    made, (replica,) = checks(f"http://127.0.0.1:{free_port()}")
    assert not await made._is_well(replica)
    await made.close()


async def test_checks_go_on_and_tell_changes_until_they_are_closed():
    ill = asyncio.Event()
    told: asyncio.Queue[bool] = asyncio.Queue()

    async def answer(asked: Asked, wire: Wire) -> None:
        await (says_500 if ill.is_set() else says_200)(asked, wire)

    async with ScriptedUpstream(answer) as service:
        made, replicas = checks(service.url, lambda replica, well, now: told.put_nowait(well), unhealthy=2, healthy=1)
        made.start(replicas)
        await service.until(lambda: len(service.asked) >= 2)
        assert told.empty()
        ill.set()
        assert await asyncio.wait_for(told.get(), 5) is False
        ill.clear()
        assert await asyncio.wait_for(told.get(), 5) is True
        await made.close()
        asked = len(service.asked)
        await asyncio.sleep(0.2)
        assert len(service.asked) == asked
