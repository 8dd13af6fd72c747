"""Evidence: what a request says of itself that a filter may know: the ids it names, the text it asks about. No I/O."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import unquote_to_bytes

from gateway.model.exchange import Request
from gateway.model.settings.guards import KnownSettings, VocabularySettings
from gateway.model.settings.route import RouteSettings
from gateway.policy.document import Document, dump
from gateway.policy.pointer import compile_pointer

MOST_IDS = 64
"""Ids of one request that are looked at. Further ones may be known: such a request passes."""

_SEGMENT = re.compile(r"\{([^{}/]*)\}")


class Ids:
    """Where a route's requests name an id, compiled."""

    __slots__ = ("_find", "_position")

    def __init__(self, settings: KnownSettings, paths: Sequence[str]) -> None:
        """paths: the route's `match.path`. A segment that has no one place in them names no id."""
        self._position = -1
        self._find = None
        if settings.at.startswith("{"):
            self._position = place(settings.at, paths)
        else:
            self._find = compile_pointer(settings.at).find

    def of(self, request: Request, document: Document) -> list[str]:
        """The ids that a request names, in each spelling that the service might read; [] where it names none.

        A member that is no text and no number is no id: what the service makes of it is its own affair.
        """
        if self._find is None:
            return self._in_path(request.path)
        if not document.is_json:
            return []
        found = [as_id(value) for value in self._find(document.value)]
        if len(found) > MOST_IDS or None in found:
            return []
        return [text for text in found if text is not None]

    def _in_path(self, path: bytes) -> list[str]:
        segments = path.split(b"/")
        if not 0 <= self._position < len(segments):
            return []
        raw = segments[self._position]
        texts = {raw.decode("utf-8", "replace"), unquote_to_bytes(raw).decode("utf-8", "replace")}
        return [] if any("\ufffd" in text for text in texts) else sorted(texts)


def as_id(value: Any) -> str | None:
    """A JSON value as the text that stands for it in a filter: `42` and `"42"` are one id. None where it is no id."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return dump(value).decode()
    return None


class Texts:
    """Where a route's requests hold the query's text, compiled."""

    __slots__ = ("_pointers",)

    def __init__(self, settings: VocabularySettings, route: RouteSettings) -> None:
        stated = settings.pointers or ((route.shape.query,) if route.shape.query is not None else ())
        self._pointers = tuple(compile_pointer(text) for text in stated)

    def of(self, document: Document) -> list[str]:
        """All strings at or below the pointers: a chat's content may be text, or a list of parts with text in them."""
        if not document.is_json:
            return []
        return [text for pointer in self._pointers for value in pointer.find(document.value) for text in strings(value)]


def strings(value: Any) -> Iterator[str]:
    """The strings in a JSON value, names of members left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from strings(member)
    elif isinstance(value, list):
        for element in value:
            yield from strings(element)


def segments(paths: Sequence[str]) -> tuple[str, ...]:
    """The names in braces of a `match.path`, each once."""
    return tuple(dict.fromkeys(name for path in paths for name in _SEGMENT.findall(path)))


def place(segment: str, paths: Sequence[str]) -> int:
    """Which part of a path is the segment (`{kb_id}`), where that is the same in all paths; else -1."""
    parts = [path.split("/") for path in paths]
    places = {names.index(segment) if segment in names and names[0] != "*" else -1 for names in parts}
    return places.pop() if len(places) == 1 else -1
