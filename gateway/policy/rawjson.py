"""Raw JSON: where the values of a text stand, without reading them.

An answer with a thousand embeddings is megabytes of digits that nobody here needs as numbers, and that shall leave as
they came. Looked at are brackets and quotes only: what is wrong between them stays wrong, in its own value.
"""

import re
from typing import NamedTuple

_BLANK = re.compile(rb"[ \t\r\n]*+")
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_SCALAR = re.compile(rb'[^ \t\r\n,:"\[\]{}]++')
_INSIDE = re.compile(rb'[^"\[\]{}]*+')
_CLOSES = {ord("["): ord("]"), ord("{"): ord("}")}
_QUOTE = ord('"')


class Span(NamedTuple):
    """A value's place: text[start:end]."""

    start: int
    end: int


class Broken(ValueError):
    """The text is no JSON of the kind that was expected."""


def elements(text: bytes) -> list[Span]:
    """The elements of a text that is an array. Raises Broken."""
    at, found = _open(text, b"["), []
    if text[at : at + 1] == b"]":
        _ends(text, at + 1)
        return []
    while True:
        end = _value(text, at)
        found.append(Span(at, end))
        at = _blank(text, end)
        if text[at : at + 1] == b"]":
            _ends(text, at + 1)
            return found
        at = _expect(text, at, b",")


def members(text: bytes) -> dict[bytes, Span]:
    """The members of a text that is an object, in order; names as spelled, without quotes. Raises Broken.

    A name that is there twice, or is spelled with escapes, could be another to the next reader: that is Broken, too.
    """
    at, found = _open(text, b"{"), {}
    if text[at : at + 1] == b"}":
        _ends(text, at + 1)
        return {}
    while True:
        match = _STRING.match(text, at)
        name = match[0][1:-1] if match else b"\\"
        if match is None or b"\\" in name or name in found:
            raise Broken("expected a name that is there once")
        start = _expect(text, _blank(text, match.end()), b":")
        end = _value(text, start)
        found[name] = Span(start, end)
        at = _blank(text, end)
        if text[at : at + 1] == b"}":
            _ends(text, at + 1)
            return found
        at = _expect(text, at, b",")


def _blank(text: bytes, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _expect(text: bytes, at: int, mark: bytes) -> int:
    if text[at : at + 1] != mark:
        raise Broken(f"expected {mark!r} at {at}")
    return _blank(text, at + 1)


def _open(text: bytes, mark: bytes) -> int:
    return _expect(text, _blank(text, 0), mark)


def _ends(text: bytes, at: int) -> None:
    if _blank(text, at) != len(text):
        raise Broken(f"expected nothing more at {at}")


def _value(text: bytes, at: int) -> int:
    """Where the value that begins at `at` ends."""
    first = text[at : at + 1]
    if first in (b"[", b"{"):
        return _closing(text, at)
    match = (_STRING if first == b'"' else _SCALAR).match(text, at)
    if match is None:
        raise Broken(f"expected a value at {at}")
    return match.end()


def _closing(text: bytes, at: int) -> int:
    """Behind the bracket that closes the one at `at`."""
    awaited = bytearray()
    size = len(text)
    while True:
        match = _INSIDE.match(text, at)
        at = match.end() if match else size
        if at >= size:
            raise Broken("the text ends inside a value")
        mark = text[at]
        if mark == _QUOTE:
            match = _STRING.match(text, at)
            if match is None:
                raise Broken("the text ends inside a string")
            at = match.end()
            continue
        at += 1
        if mark in _CLOSES:
            awaited.append(_CLOSES[mark])
        elif awaited.pop() != mark:
            raise Broken(f"expected another bracket at {at - 1}")
        elif not awaited:
            return at
