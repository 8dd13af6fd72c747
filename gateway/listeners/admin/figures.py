"""/metrics: the page that Prometheus reads."""

from aiohttp import web
from aiohttp.hdrs import ACCEPT, CONTENT_TYPE

from gateway.observe.metrics import Metrics


def routes(metrics: Metrics) -> list[web.RouteDef]:
    """One worker's page; with several workers it shows the sum over all."""

    async def page(request: web.Request) -> web.Response:
        body, content_type = metrics.render(", ".join(request.headers.getall(ACCEPT, ())))
        # Given as a field: aiohttp's content_type argument takes no version parameter.
        response = web.Response(body=body, headers={CONTENT_TYPE: content_type})
        response.enable_compression()
        return response

    return [web.get("/metrics", page)]
