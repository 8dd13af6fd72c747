"""Client: the token goes to one address, and whatever goes wrong is a line."""

import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.operate.client import Client, _problem
from gateway.operate.failed import REFUSED, UNREACHABLE, WRONG, Failed
from tests.support.ports import free_port


class Handler(http.server.BaseHTTPRequestHandler):
    seen: list[tuple[str, str | None]] = []  # noqa: RUF012

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers["Authorization"]))
        if self.path == "/admin/away":
            self.send_response(302)
            self.send_header("Location", "/admin/elsewhere")
        else:
            self.send_response(200 if self.path in ("/admin/x", "/admin/foreign") else 404)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def version_string(self) -> str:
        return "uvicorn" if self.path == "/admin/foreign" else "ragfront/1"

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    Handler.seen.clear()
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_asks_with_its_token(url: str) -> None:
    assert Client(url, "s3cret").ask("GET", "/x") == (200, {})
    assert Handler.seen == [("/admin/x", "Bearer s3cret")]


def test_follows_nobody_elsewhere(url: str) -> None:
    with pytest.raises(Failed) as caught:
        Client(url, "s3cret").get("/away")
    assert (caught.value.code, [path for path, _ in Handler.seen]) == (REFUSED, ["/admin/away"])


def test_another_service_is_not_believed(url: str) -> None:
    with pytest.raises(Failed, match="not the admin API of ragfront: it answered 200"):
        Client(url, None).get("/foreign")


def test_nobody_there() -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(Failed) as caught:
        Client(nowhere, None).get("/x")
    assert caught.value.code == UNREACHABLE
    told = "nobody listens there; is a gateway running? --admin names another address"
    assert caught.value.lines == [f"no answer from {nowhere}: {told}"]


@pytest.mark.parametrize("url", ["127.0.0.1:9090", "ftp://h", "http://", "http://u:p@h", "http://h?token=x"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(Failed) as caught:
        Client(url, None)
    assert caught.value.code == WRONG


@pytest.mark.parametrize(
    ("status", "told", "lines"),
    [
        (404, {"title": "Not Found"}, ["Not Found"]),
        (502, None, ["not the admin API of ragfront: it answered 502"]),
        (422, {"title": "t", "detail": "d", "errors": [{"pointer": "/a", "detail": "b"}]}, ["d", "/a: b"]),
        (409, {"title": "t", "errors": [{"parameter": "x", "detail": "b"}, {"detail": "c"}]}, ["t", "x: b", "c"]),
    ],
)  # fmt: skip
def test_problems_are_lines(status: int, told: Any, lines: list[str]) -> None:
    assert _problem(status, told) == lines
