"""What `explain` says on a route by RFC 9111 is what a client gets: it went by the rules of other routes."""

from pathlib import Path

import pytest

from tests.support.admin import Admin, administered
from tests.support.gateway import Running, field, once
from tests.support.origin import HTTP, Origin, said


def outcome(head: bytes) -> str:
    status = field(head, b"cache-status") or b""
    return "hit" if b"; hit" in status else "bypass" if b"fwd=bypass" in status or b"fwd=method" in status else "miss"


async def agrees(gateway: Running, admin: Admin, target: str, fields: dict[str, str], method: str = "GET") -> str:
    asked = {"method": method, "path": target, "headers": {"Host": "gw", **fields}}
    told = (await admin.post("/explain", asked))["outcome"]
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    raw = f"{method} {target} HTTP/1.1\r\nHost: gw\r\n{lines}Connection: close\r\n\r\n".encode()
    head, _ = await once(gateway.port, raw, method.encode())
    assert told == outcome(head), (fields, head)
    return str(told)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "hit"),
        ({"Accept-Language": "fr"}, "miss"),
        ({"Authorization": "Bearer a"}, "miss"),
        ({"Cookie": "a=1"}, "miss"),
        ({"Cache-Control": "no-cache"}, "miss"),
        ({"If-Match": '"1"'}, "bypass"),
    ],
    ids=str,
)
async def test_it_is_what_a_client_gets(fields: dict[str, str], expected: str, tmp_path: Path):
    async with Origin() as origin:
        origin.answers("/a", said("200 OK", "Cache-Control: max-age=60", "Vary: Accept-Language"))
        l2 = {"disk": {"path": str(tmp_path / "l2")}}
        async with administered(origin.url, HTTP, l2=l2) as (gateway, admin):
            assert await agrees(gateway, admin, "/a", {}) == "miss"
            assert await agrees(gateway, admin, "/a", fields) == expected


async def test_what_is_posted_bypasses():
    async with Origin() as origin:
        origin.answers("/a", said("200 OK", "Cache-Control: max-age=60"))
        async with administered(origin.url, HTTP) as (gateway, admin):
            assert await agrees(gateway, admin, "/a", {}, "DELETE") == "bypass"
