"""A service that gives pages of JSON, in a thread: Qdrant's, Chroma's and a plain one, as far as a reader sees them."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

POINTS: list[dict[str, Any]] = [{"id": n, "payload": {"kb": f"kb-{n}", "text": f"text{n}"}} for n in range(2500)]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, asked, dict(self.headers)))  # type: ignore[attr-defined]
        limit = asked["limit"]
        if self.path == "/collections/kb/points/scroll":
            begin = asked.get("offset", 0)
            points = POINTS[begin : begin + limit]
            if not asked["with_payload"]:
                points = [{"id": point["id"]} for point in points]
            after = begin + limit if begin + limit < len(POINTS) else None
            self._answer({"result": {"points": points, "next_page_offset": after}, "status": "ok"})
        elif self.path == "/collections/uuid/get":
            chosen = POINTS[asked["offset"] : asked["offset"] + min(limit, 900)]
            columns = {
                "ids": [point["payload"]["kb"] for point in chosen],
                "documents": [point["payload"]["text"] for point in chosen]
                if "documents" in asked["include"]
                else None,
                "metadatas": [point["payload"] for point in chosen] if "metadatas" in asked["include"] else None,
            }
            self._answer(columns)
        else:
            self._answer({"detail": "no"}, 404)

    def do_GET(self) -> None:
        self.server.asked.append((self.path, None, dict(self.headers)))  # type: ignore[attr-defined]
        url = urlsplit(self.path)
        begin = int(parse_qs(url.query).get("after", ["0"])[0])
        after = begin + 1000
        more = after < len(POINTS)
        items = [{"id": point["payload"]["kb"]} for point in POINTS[begin:after]]
        match url.path:
            case "/link":
                self._answer(items, link=f'</first>; rel="first", </link?after={after}>; rel="next"' if more else "")
            case "/next":
                self._answer({"items": items, "next": f"next?after={after}" if more else None})
            case "/cursor":
                self._answer({"items": items, "meta": {"cursor": after if more else None}})
            case "/away":
                self._answer([], link='<http://127.0.0.2/x>; rel="next"')
            case "/again":
                self._answer([], link='</again>; rel="next"')
            case "/redirect":
                self._answer({}, 302, location="http://127.0.0.2/x")
            case "/page":
                self._answer(b"<html>")
            case _:
                self._answer({}, 500)

    def _answer(self, value: Any, status: int = 200, link: str = "", location: str = "") -> None:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, text in (("Link", link), ("Location", location)):
            if text:
                self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def paged_service() -> Iterator[tuple[str, list[tuple[str, Any, dict[str, str]]]]]:
    """Its URL, and what it is asked: path, body, header fields."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.asked = asked = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()
