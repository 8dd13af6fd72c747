"""The console's files: who gets them, and what they may do in a browser."""

import asyncio
import re
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from gateway.listeners.admin.pages import pages
from gateway.listeners.admin.site import create_admin
from gateway.model.settings.file import AdminSettings
from gateway.observe.metrics import Metrics

Client = TestClient[web.Request, web.Application]
CONSOLE = Path(__file__).parents[4] / "gateway/listeners/admin/console"
POLICY = {
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self' data:",
    "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
}  # fmt: skip


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with TestClient(TestServer(create_admin(Metrics("1"), list, "1", AdminSettings(token="s3cret")))) as client:
        yield client


@pytest.mark.parametrize("path", sorted(pages()))
async def test_every_file_is_served_without_a_token_and_can_do_no_harm(client: Client, path: str) -> None:
    async with client.get(path) as answer:
        assert answer.status == 200
        assert answer.content_type == {"html": "text/html", "css": "text/css", "svg": "image/svg+xml"}.get(
            path.rpartition(".")[2], "text/html" if path == "/admin/" else "text/javascript"
        )
        assert set(answer.headers["Content-Security-Policy"].split("; ")) == POLICY
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-cache"
        assert await answer.read() == pages()[path].body


async def test_a_file_that_the_browser_has_is_not_sent_again(client: Client) -> None:
    async with client.get("/admin/") as first:
        etag = first.headers["ETag"]
    for stated, status in ((etag, 304), (f'"x", W/{etag}', 304), ("*", 304), ('"x"', 200)):
        async with client.get("/admin/", headers={"If-None-Match": stated}) as answer:
            assert answer.status == status
            assert answer.headers["ETag"] == etag
            assert "Content-Security-Policy" in answer.headers


async def test_the_folders_name_leads_to_the_page(client: Client) -> None:
    async with client.get("/admin", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (308, "admin/")
    async with client.get("/admin") as answer:
        assert (answer.status, answer.url.path) == (200, "/admin/")


@pytest.mark.parametrize(
    "path",
    [
        "/admin/console/", "/admin/console/../me", "/admin/console/%2e%2e/me", "/admin/console/%2e%2e%2fme",
        "/admin//", "/admin/console/vendor/README.md", "/admin/me",
    ],
)  # fmt: skip
async def test_what_is_no_file_of_the_console_is_not_told_to_strangers(client: Client, path: str) -> None:
    reader, writer = await asyncio.open_connection(client.host, client.port)  # a client of ours would tidy the path
    writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    assert (await reader.read()).startswith(b"HTTP/1.1 401 ")
    writer.close()
    await writer.wait_closed()


async def test_without_a_token_the_page_too_is_for_loopback_only() -> None:
    async with TestClient(TestServer(create_admin(Metrics("1"), list, "1"))) as client:
        for host, status in (("localhost:9090", 200), ("rebound.example", 403)):
            async with client.get("/admin/", headers={"Host": host}) as answer:
                assert answer.status == status


def test_the_page_asks_for_nothing_from_elsewhere_and_has_nothing_inline() -> None:
    html = (CONSOLE / "index.html").read_text()
    assert not re.search(r"""\s(on\w+|style)\s*=|<style|<script(?![^>]*\bsrc=)""", html)
    for file in CONSOLE.rglob("*"):
        if file.suffix in (".html", ".js", ".css") and file.parent.name != "vendor":
            text = file.read_text()
            assert not re.search(r"https?://(?!www\.w3\.org/)", text), file
            assert "innerHTML" not in text, file
            assert max(map(len, text.splitlines())) <= 120, file


def test_modules_import_files_that_are_there() -> None:
    for path, page in pages().items():
        folder = path.rpartition("/")[0]
        for name in re.findall(rb'^import [^;]*?"(\.[^"]+)"|(?:src|href)="(console/[^"]+)"', page.body, re.M):
            relative = b"".join(name).decode()
            parts = f"{folder}/{relative}".split("/")
            while ".." in parts or "." in parts:
                at = next(i for i, part in enumerate(parts) if part in ("..", "."))
                del parts[at - 1 if parts[at] == ".." else at : at + 1]
            assert "/".join(parts) in pages(), (path, relative)


@pytest.mark.slow
def test_a_wheel_holds_the_console(tmp_path: Path) -> None:
    root = CONSOLE.parents[3]
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    names = set(zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist())
    for file in CONSOLE.rglob("*"):
        if file.is_file():
            assert str(file.relative_to(root)) in names
