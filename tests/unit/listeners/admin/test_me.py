"""/admin/me: whose token it is."""

import pytest
from aiohttp.test_utils import TestClient, TestServer

from gateway.listeners.admin.site import create_admin
from gateway.model.settings.file import AdminSettings
from gateway.observe.metrics import Metrics

TOKENS = AdminSettings.model_validate(
    {"token": "root", "tokens": [{"name": "wall", "token": "look", "role": "viewer"}]}
)


@pytest.mark.parametrize(
    ("settings", "token", "told"),
    [
        (AdminSettings(), None, {"name": "anonymous", "role": "operator", "version": "1.2"}),
        (TOKENS, "root", {"name": "admin", "role": "operator", "version": "1.2"}),
        (TOKENS, "look", {"name": "wall", "role": "viewer", "version": "1.2"}),
    ],
)
async def test_a_caller_is_told_who_it_is(settings: AdminSettings, token: str | None, told: dict[str, str]) -> None:
    fields = {"Authorization": f"Bearer {token}"} if token else {}
    async with TestClient(TestServer(create_admin(Metrics("1"), list, "1.2", settings))) as client:
        async with client.get("/admin/me", headers=fields) as answer:
            assert (answer.status, await answer.json()) == (200, told)


async def test_strangers_are_told_nothing() -> None:
    async with TestClient(TestServer(create_admin(Metrics("1"), list, "1.2", TOKENS))) as client:
        async with client.get("/admin/me") as answer:
            assert answer.status == 401
            assert "1.2" not in await answer.text()
