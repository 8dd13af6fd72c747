import pytest
from aiohttp.test_utils import TestClient, TestServer

from gateway.listeners.admin.site import create_admin
from gateway.model.settings.file import AdminSettings
from gateway.observe.metrics import Metrics


def admin(token: str | None) -> TestServer:
    return TestServer(create_admin(Metrics("1"), list, "1", AdminSettings(token=token)))


@pytest.mark.parametrize(
    ("shown", "status"),
    [
        (None, 401),
        ("", 401),
        ("Bearer", 401),
        ("Bearer ", 401),
        ("Bearer s3cre", 401),
        ("Bearer s3cret2", 401),
        ("Bearer s3cr\u00e9t", 401),
        ("Basic s3cret", 401),
        ("s3cret", 401),
        ("Bearer s3cret", 200),
        ("bearer  s3cret", 200),
    ],
)
async def test_figures_are_for_those_who_show_the_token(shown: str | None, status: int) -> None:
    async with TestClient(admin("s3cret")) as client:
        fields = {} if shown is None else {"Authorization": shown}
        async with client.get("/metrics", headers=fields) as answer:
            assert answer.status == status
            if status == 401:
                assert answer.headers["WWW-Authenticate"] == "Bearer"
                assert answer.content_type == "application/problem+json"
                assert "ragfront_" not in await answer.text()


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_probes_need_no_token(path: str) -> None:
    async with TestClient(admin("s3cret")) as client, client.get(path) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("path", ["/nothing", "/healthz/", "/healthz2"])
async def test_what_is_there_is_not_told_to_strangers(path: str) -> None:
    async with TestClient(admin("s3cret")) as client, client.get(path) as answer:
        assert answer.status == 401


async def test_without_a_token_everybody_may_look() -> None:
    async with TestClient(admin(None)) as client, client.get("/metrics") as answer:
        assert answer.status == 200
