"""What must be left behind when all clients have gone: nothing."""

import asyncio

from gateway.observe.metrics import _RESULTS
from tests.support.eventually import eventually
from tests.support.gateway import Running


async def left_nothing(gateway: Running) -> None:
    """No request, upstream call, taken connection, flight or task is left; AssertionError says what is."""
    worker = gateway.worker
    pipeline, metrics, server = worker._pipeline, worker._metrics, worker._proxy.server

    def left() -> dict[str, object]:
        found: dict[str, object] = {
            "requests": metrics._clients,
            "flights": len(pipeline.flights),
            "flights' tasks": len(pipeline.flights._tasks),
            "calls whose end has no name": {result for _, result in metrics._calls} - _RESULTS,
            "seats": server._seated - len(server.connections),
        }
        for name, upstream in pipeline.plan.upstreams.items():
            connector = upstream._pool._connector
            found[f"calls to {name}"] = upstream.pending + metrics._upstream_calls.get(name, 0)
            found[f"taken connections to {name}"] = len(connector._acquired)
            found[f"waiting for {name}"] = sum(map(len, connector._waiters.values()))
        found["tasks"] = sorted(
            {
                task.get_coro().__qualname__
                for task in asyncio.all_tasks()
                if task.get_coro().__qualname__.startswith(("Upload", "Flights", "TunnelEnd", "Proxy"))
            }
        )
        return {name: count for name, count in found.items() if count}

    try:
        await eventually(lambda: not left(), 5)
    except AssertionError:
        raise AssertionError(left()) from None
