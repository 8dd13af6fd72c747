"""Items: what a request asks about, one thing or a list of them; and requests that ask about one, or about several.

Understood are texts, lists of token ids, and lists of either. Anything else (an empty list, texts beside token ids) is
one question like any other: what the service makes of it is its own affair.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gateway.model.settings.batch import BatchSettings
from gateway.policy.document import Document, DocumentKind, dump


class ItemKind(StrEnum):
    """What an item is. A service that takes lists of either may refuse a list of both."""

    TEXT = "text"
    TOKENS = "tokens"
    ANY = "any"  # the route says that a request holds one, whatever it is


@dataclass(frozen=True, slots=True)
class Single:
    """A request about one item."""

    kind: ItemKind
    item: Any


@dataclass(frozen=True, slots=True)
class Listed:
    """A request about a list of items, one or more."""

    kind: ItemKind
    items: Sequence[Any]


class ItemForm:
    """One route's requests, whose items stand at `at`."""

    __slots__ = ("_elsewhere", "_name", "_together")

    def __init__(self, at: str, elsewhere: str | None) -> None:
        """elsewhere: where several stand, if not there."""
        self._name = member_name(at)
        self._together = member_name(at if elsewhere is None else elsewhere)
        self._elsewhere = elsewhere is not None and elsewhere != at

    def read(self, document: Document) -> Single | Listed | None:
        """What a request asks about; None where it is not understood."""
        value = document.value
        if self._name is None:
            return _read(value) if document.is_json else None
        if document.duplicates or not isinstance(value, dict) or self._name not in value:
            return None
        if self._elsewhere:
            return None if self._together in value else Single(ItemKind.ANY, value[self._name])
        return _read(value[self._name])

    def about_one(self, value: Any, item: Any) -> Document:
        """The request `value`, about this one item: what a client that asks about nothing else sends."""
        asked = item if self._name is None else {**value, self._name: item}
        return Document(asked, DocumentKind.JSON, False, dump(asked))

    def about_several(self, value: Any, items: Sequence[Any]) -> bytes:
        """The body of a request like `value` about all of these."""
        if self._name is None or self._together is None:
            return dump(items)
        return dump({**_without(value, self._name), self._together: items})

    def besides(self, value: Any) -> bytes:
        """All of a request but its item: what two requests must have in common to travel together."""
        return b"" if self._name is None else dump(_without(value, self._name))


def form_of(settings: BatchSettings) -> ItemForm | None:
    """None: the route knows no items."""
    return None if settings.items is None else ItemForm(settings.items, settings.list)


def weight(kind: ItemKind, item: Any) -> int:
    """How much an item counts beside others when figures of all of them are shared out: tokens, or bytes of text."""
    match kind:
        case ItemKind.TOKENS:
            return len(item)
        case ItemKind.TEXT:
            return max(1, len(item.encode("utf-8", "surrogatepass")))
        case ItemKind.ANY:
            return len(dump(item))


def member_name(pointer: str) -> str | None:
    """`/input` -> `input`; None for the empty pointer, which means all."""
    return pointer[1:].replace("~1", "/").replace("~0", "~") if pointer else None


def _read(value: Any) -> Single | Listed | None:
    if isinstance(value, str):
        return Single(ItemKind.TEXT, value)
    if not isinstance(value, list) or not value:
        return None
    if all(isinstance(item, str) for item in value):
        return Listed(ItemKind.TEXT, value)
    if _tokens(value):
        return Single(ItemKind.TOKENS, value)
    return Listed(ItemKind.TOKENS, value) if all(_tokens(item) for item in value) else None


def _tokens(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(type(token) is int for token in value)


def _without(value: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: member for key, member in value.items() if key != name}
