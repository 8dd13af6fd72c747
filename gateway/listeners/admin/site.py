"""The admin listener's application: its resources put together. Holds no state of its own."""

from collections.abc import Callable

from aiohttp import web

from gateway.listeners.admin import figures, health
from gateway.listeners.admin.access import bearer
from gateway.listeners.admin.problem import problems
from gateway.observe.metrics import Metrics


def create_admin(
    metrics: Metrics, ready: Callable[[], list[str]], version: str, token: str | None = None
) -> web.Application:
    """`ready`: what is not ready, see `health`. `version`: told in the Server field of every answer. `token`: of
    those who may look, see `access`.
    """
    app = web.Application(middlewares=[problems, bearer(token)], client_max_size=1 << 20)
    app.add_routes(health.routes(ready))
    app.add_routes(figures.routes(metrics))

    async def name_server(_: web.Request, response: web.StreamResponse) -> None:
        response.headers["Server"] = f"ragfront/{version}"

    app.on_response_prepare.append(name_server)
    return app
