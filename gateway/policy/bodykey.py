"""The body's part of a key: which of its members count, and in which spelling."""

import re
import sys
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from gateway.model.settings.route import KeySettings
from gateway.policy.document import Document, dump, equal, from_settings
from gateway.policy.pointer import REMOVE, Pointer, compile_pointer

Piece = tuple[bytes, bytes]
"""How the body was read, and what counts of it. The first keeps apart what happens to have the same bytes."""


class BodyKey:
    """One route's reading of request bodies."""

    __slots__ = ("_changes", "_members")

    def __init__(self, settings: KeySettings) -> None:
        # Left out first, compared with the defaults as sent, and only then respelled.
        self._changes: tuple[tuple[Pointer, Callable[[Any], Any]], ...] = (
            *((compile_pointer(text), _leave_out) for text in settings.ignore),
            *((compile_pointer(text), _leave_out_if(default)) for text, default in settings.defaults.items()),
            *((compile_pointer(text), _respelled(steps)) for text, steps in settings.normalize.items()),
        )
        self._members = None if settings.body == "all" else tuple(compile_pointer(text) for text in settings.body)

    def piece(self, body: bytes, document: Document) -> Piece:
        """body, document: the whole body, and what it is as JSON."""
        if document.duplicates:
            return b"duplicates", body
        if not document.is_json:
            return b"raw", body
        if self._members is None and not self._changes:
            return b"json", document.canonical
        value = document.value
        for pointer, how in self._changes:
            value = pointer.change(value, how)
        if self._members is None:
            return b"json", dump(value)
        return b"members", dump({pointer.text: _found(pointer, value) for pointer in self._members})


def _found(pointer: Pointer, value: Any) -> list[Any]:
    """What a pointer leads to; nothing and null differ. With `*` each value says where it stood.

    Else `/*/role` and `/*/content` would not tell which content belonged to which role.
    """
    if not pointer.wild:
        return pointer.find(value)
    found = [[[str(step) for step in path], at] for path, at in pointer.locate(value)]
    found.sort(key=lambda pair: pair[0])
    return found


def _leave_out(_: Any) -> Any:
    return REMOVE


def _leave_out_if(stated: Any) -> Callable[[Any], Any]:
    default = from_settings(stated)
    return lambda value: REMOVE if equal(value, default) else value


# -- spelling that does not matter ---------------------------------------------------------------------------------


def _respelled(steps: tuple[str, ...]) -> Callable[[Any], Any]:
    """Normalizers in the order given -> one for values; what is no string stays as it is."""
    functions = tuple(_NORMALIZERS[step] for step in steps)

    def respell(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        text = value
        for function in functions:
            text = function(text)
        return value if text == value else text

    return respell


def _nfkc(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def _whitespace(text: str) -> str:
    return " ".join(text.split())


def _punctuation(text: str) -> str:
    return _all_punctuation().sub("", text)


@lru_cache(maxsize=1)
def _all_punctuation() -> re.Pattern[str]:
    """Unicode's general category P. Made when first needed: it takes a tenth of a second."""
    marks = (char for char in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(char)[0] == "P")
    return re.compile(f"[{re.escape(''.join(marks))}]+")


_NORMALIZERS: dict[str, Callable[[str], str]] = {
    "nfkc": _nfkc,
    "casefold": str.casefold,
    "whitespace": _whitespace,
    "punctuation": _punctuation,
}
