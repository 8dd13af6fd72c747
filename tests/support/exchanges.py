"""Finished exchanges, for those who tell about them."""

from typing import Any

from gateway.model.exchange import Exchange, Request
from gateway.model.fields import Fields
from gateway.model.settings.route import RouteSettings

ASK = RouteSettings(name="ask", upstream="rag")


def request(path: bytes = b"/rag", method: bytes = b"POST", query: bytes | None = None) -> Request:
    """A request for `path`, with credentials wherever a client can put some."""
    fields = Fields([(b"Authorization", b"Bearer s3cret"), (b"Cookie", b"session=s3cret")])
    target = path if query is None else path + b"?" + query
    return Request(method, target, (1, 1), fields, path, query, b"rag.example", b"http", "127.0.0.1")


def finished(asked: Request | None = None, **found: Any) -> Exchange:
    """An exchange of route `ask` at 2023-11-14T22:13:20Z. `found`: what else its parts found out."""
    return Exchange(asked or request(), started=0.0, now=1.7e9, **({"route": ASK} | found))
