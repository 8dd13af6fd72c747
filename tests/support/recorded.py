"""Recorded-shape traffic of the services that presets are for: `traffic/<preset>/traffic.yaml`, and streams as bytes.

unasked: the route that takes its requests where there is no file; null: none
requests: path, method, body; and of bodies that differ from it in some members (GONE: not there):
    same: those with the same key          other: those with another
    bypass: those that bypass the cache    streams, plain: those that ask for a stream, and that do not
not_claimed: paths (with a body, or not) that the preset leaves alone
answers: body, fields; kept: whole, empty or never; tags; replayed: names of the fields that a hit has
stream_fields: beside Content-Type, for all streams
streams: file: whole, empty, cut (no last event), failed (an event says so) or unless (must not be stored)
"""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import yaml

from gateway.config.presets import presets
from gateway.model.exchange import Request
from gateway.model.fields import Pairs
from gateway.model.settings.route import RouteSettings
from gateway.policy.document import Document, parse
from tests.support.config_text import loaded
from tests.support.policy import request

FOLDER = Path(__file__).parent / "traffic"
JSON = (b"Content-Type", b"application/json")
_TYPES = {".sse": b"text/event-stream; charset=utf-8", ".ndjson": b"application/x-ndjson"}


@cache
def traffic(name: str) -> Mapping[str, Any]:
    """A preset's traffic."""
    data: Mapping[str, Any] = yaml.safe_load((FOLDER / name / "traffic.yaml").read_text())
    return data


@cache
def route(name: str) -> RouteSettings:
    """A preset's route, as in a file that names it alone."""
    return loaded(f"routes: [{{preset: {name}}}]").settings.routes[0]


def of_all(key: str) -> list[tuple[str, Any]]:
    """(preset, item) for each item of a list, or each pair of a mapping, of all presets' traffic."""
    found = []
    for name in presets():
        items = traffic(name).get(key) or ()
        found += [(name, item) for item in (items.items() if isinstance(items, dict) else items)]
    return found


def asked(wanted: Mapping[str, Any], body: Any = None, *, path: str | None = None) -> tuple[Request, bytes, Document]:
    """A request of the traffic, its body, and the body as JSON. body: instead of its own."""
    body = wanted.get("body") if body is None else body
    raw = b"" if body is None else orjson.dumps(body)
    fields: Pairs = (JSON,) if raw else ()
    target = (path or wanted["path"]).encode()
    return request(wanted.get("method", "POST").encode(), target, fields), raw, parse(raw)


def variants(wanted: Mapping[str, Any], key: str) -> Iterator[Any]:
    """The bodies that `same`, `other` ... state."""
    for patch in wanted.get(key) or ():
        yield merged(wanted["body"], patch)


def merged(base: Any, patch: Any) -> Any:
    """Mappings member by member; GONE takes a member away."""
    if not isinstance(base, dict) or not isinstance(patch, dict):
        return patch
    result = {**base, **{key: merged(base.get(key), value) for key, value in patch.items()}}
    return {key: value for key, value in result.items() if value != "GONE"}


def stream_fields(name: str, file: str) -> Pairs:
    """The fields that a recorded stream came with: some have no Content-Type."""
    stated = {key.encode(): value.encode() for key, value in (traffic(name).get("stream_fields") or {}).items()}
    media_type = _TYPES.get(Path(file).suffix)
    return ((b"Content-Type", media_type), *stated.items()) if media_type else tuple(stated.items())
