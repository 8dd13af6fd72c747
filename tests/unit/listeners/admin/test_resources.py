"""Resources: no two endpoints are in each other's way."""

from aiohttp import web

from gateway.listeners.admin.audit import Audit
from gateway.listeners.admin.operation import route
from gateway.listeners.admin.resources import operations
from tests.support.gateway import RAG, running, settings


async def test_each_path_leads_to_its_own_endpoint() -> None:
    async with running(settings("http://127.0.0.1:1", RAG)) as gateway:
        made = operations(gateway.worker._parts())
        app = web.Application()
        app.add_routes([route(op, Audit()) for op in made])
        paths = [resource.canonical for resource in app.router.resources()]
        assert paths.index("/admin/entries/top") < paths.index("/admin/entries/{key}")
        assert len({(op.method, op.path) for op in made}) == len(made)
        assert all(op.path.startswith("/admin/") for op in made)
