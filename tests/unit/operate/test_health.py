"""Health: what a probe is told, and how it ends."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gateway.operate.failed import REFUSED, UNREACHABLE, WRONG, Failed
from gateway.operate.health import run


@contextmanager
def answering(status: int, body: bytes) -> Iterator[tuple[str, list[str]]]:
    """A server's URL, and the paths that it was asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()


def test_ready_and_alive(capsys: pytest.CaptureFixture[str]) -> None:
    with answering(200, b"ready\n") as (url, asked):
        run(url, live=False)
        run(f"{url}/", live=True)
    assert asked == ["/readyz", "/healthz"]
    assert capsys.readouterr().out == "ready\nready\n"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"title": "Service Unavailable", "detail": "draining"}', "not ready: draining"),
        (b"<html>\nhello", "not ready: <html>"),
        (b"[1]", "not ready: [1]"),
        (b"", "not ready: it answered 503"),
    ],
)
def test_not_ready_says_why(body: bytes, told: str) -> None:
    with answering(503, body) as (url, _), pytest.raises(Failed) as caught:
        run(url, live=False)
    assert (caught.value.code, caught.value.lines) == (REFUSED, [told])


@pytest.mark.parametrize(
    ("url", "code"),
    [("http://127.0.0.1:1", UNREACHABLE), ("https://127.0.0.1:1", UNREACHABLE), ("http://127.0.0.1:x", UNREACHABLE),
     ("127.0.0.1:9090", WRONG), ("unix:/x", WRONG), ("http://h/admin", WRONG)],
)  # fmt: skip
def test_nobody_there_and_no_url(url: str, code: int) -> None:
    with pytest.raises(Failed) as caught:
        run(url, live=False)
    assert caught.value.code == code
