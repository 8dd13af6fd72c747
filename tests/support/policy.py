"""Requests, routes and entries for tests of decisions: everything ordinary unless the test says otherwise."""

from typing import Any

from gateway.model.entry import Entry
from gateway.model.exchange import Request
from gateway.model.fields import Fields, Pairs
from gateway.model.settings.route import RouteSettings
from tests.support.entries import make_entry


def request(
    method: bytes = b"POST",
    target: bytes = b"/rag",
    fields: Pairs = (),
    *,
    authority: bytes = b"rag.example:8080",
    version: tuple[int, int] = (1, 1),
    peer: str = "192.0.2.7",
    scheme: bytes = b"http",
) -> Request:
    path, mark, query = target.partition(b"?")
    return Request(
        method=method,
        target=target,
        version=version,
        fields=Fields(fields),
        path=path,
        query=query if mark else None,
        authority=authority,
        scheme=scheme,
        peer=peer,
    )


def route(**settings: Any) -> RouteSettings:
    """A route as its YAML would make it, named `ask`, to the upstream `rag`."""
    return RouteSettings.model_validate({"name": "ask", "upstream": "rag", **settings})


def entry(**values: Any) -> Entry:
    """Stored at 1000, fresh until 1600, stale windows of one minute and one hour."""
    defaults = {"now": 1000.0, "fields": (), "body": b"{}", "stale_error_until": 5200.0}
    return make_entry(**{**defaults, **values})
