"""The admin listener's application: its resources put together. Holds no state of its own."""

from collections.abc import Callable, Sequence

from aiohttp import web

from gateway.listeners.admin import figures, health, me, openapi, operation, pages
from gateway.listeners.admin.access import access
from gateway.listeners.admin.audit import Audit
from gateway.listeners.admin.operation import Operation
from gateway.listeners.admin.problem import problems
from gateway.model.settings.file import AdminSettings
from gateway.observe.metrics import Metrics


def create_admin(
    metrics: Metrics,
    ready: Callable[[], list[str]],
    version: str,
    settings: AdminSettings | None = None,
    operations: Sequence[Operation] = (),
) -> web.Application:
    """`ready`: what is not ready, see `health`. `version`: told in the Server field of every answer. `settings`: who
    may look and change, see `access`. `operations`: the API.
    """
    audit = Audit()
    known = [*operations, *audit.operations(), *me.operations(version)]
    app = web.Application(middlewares=[problems, access(settings or AdminSettings())])
    app.add_routes(health.routes(ready))
    app.add_routes(figures.routes(metrics))
    app.add_routes([operation.route(one, audit) for one in known])
    app.add_routes(openapi.routes(known, version))
    app.add_routes(pages.routes())

    async def every_answer(_: web.Request, response: web.StreamResponse) -> None:
        response.headers["Server"] = f"ragfront/{version}"
        response.headers["X-Content-Type-Options"] = "nosniff"

    app.on_response_prepare.append(every_answer)
    return app
