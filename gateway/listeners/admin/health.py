"""/healthz and /readyz: is the process alive, and should it get requests?"""

from collections.abc import Callable

from aiohttp import web

from gateway.listeners.admin.problem import problem

_NO_STORE = {"Cache-Control": "no-store"}


def routes(ready: Callable[[], list[str]]) -> list[web.RouteDef]:
    """`ready` returns what is not ready ("draining", an upstream's name ...); nothing: requests are welcome."""

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok\n", headers=_NO_STORE)

    async def readyz(_: web.Request) -> web.Response:
        waiting = ready()
        if waiting:
            return problem(503, ", ".join(waiting), headers=_NO_STORE, not_ready=waiting)
        return web.Response(text="ready\n", headers=_NO_STORE)

    return [web.get("/healthz", healthz), web.get("/readyz", readyz)]
