"""Raw JSON: where the values of a text stand, without reading them.

An answer with a thousand embeddings is megabytes of digits that nobody here needs as numbers, and that shall leave as
they came. Looked at are brackets and quotes only: what is wrong between them stays wrong, in its own value.
"""

import re
from typing import NamedTuple

_OPEN = re.compile(rb"[ \t\r\n]*+([\[{])[ \t\r\n]*+")
_NAME = re.compile(rb'"([^"\\]*+)"[ \t\r\n]*+:[ \t\r\n]*+')
_AFTER = re.compile(rb"[ \t\r\n]*+([,\]}])[ \t\r\n]*+")
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_SCALAR = re.compile(rb'[^ \t\r\n,:"\[\]{}]++')
_INSIDE = re.compile(rb'[^"\[\]{}]*+')
_CLOSES = {ord("["): ord("]"), ord("{"): ord("}")}
_QUOTE, _ARRAY, _OBJECT = b'"[{'
_SHORT = 64
_DEEPEST = 254  # as in `document`


class Span(NamedTuple):
    """A value's place: text[start:end]."""

    start: int
    end: int


class Broken(ValueError):
    """The text is no JSON of the kind that was expected."""


def elements(text: bytes) -> list[Span]:
    """The elements of a text that is an array. Raises Broken."""
    at, found = _opened(text, _ARRAY), []
    if text[at : at + 1] == b"]":
        _ends(text, at + 1)
        return []
    while True:
        end = _value(text, at)
        found.append(Span(at, end))
        at = _next(text, end, b"]")
        if not at:
            return found


def members(text: bytes) -> dict[bytes, Span]:
    """The members of a text that is an object, in order; names as spelled, without quotes. Raises Broken.

    A name that is there twice, or is spelled with escapes, could be another to the next reader: that is Broken, too.
    """
    at, found = _opened(text, _OBJECT), {}
    if text[at : at + 1] == b"}":
        _ends(text, at + 1)
        return {}
    while True:
        match = _NAME.match(text, at)
        if match is None or match[1] in found:
            raise Broken(f"expected a name that is there once at {at}")
        start = match.end()
        end = _value(text, start)
        found[match[1]] = Span(start, end)
        at = _next(text, end, b"}")
        if not at:
            return found


def _opened(text: bytes, mark: int) -> int:
    match = _OPEN.match(text)
    if match is None or text[match.start(1)] != mark:
        raise Broken(f"expected {chr(mark)}")
    return match.end()


def _next(text: bytes, at: int, close: bytes) -> int:
    """Where the next value or name begins; 0 where the text ends with `close`."""
    match = _AFTER.match(text, at)
    if match is None:
        raise Broken(f"expected a comma, or the end, at {at}")
    if match[1] == b",":
        return match.end()
    if match[1] != close or match.end() != len(text):
        raise Broken(f"expected {close!r} and nothing more at {at}")
    return 0


def _ends(text: bytes, at: int) -> None:
    if text[at:].strip(b" \t\r\n"):
        raise Broken(f"expected nothing more at {at}")


def _value(text: bytes, at: int) -> int:
    """Where the value that begins at `at` ends."""
    first = text[at : at + 1]
    if first == b'"':
        return _string(text, at)
    if first in (b"[", b"{"):
        return _closing(text, at)
    match = _SCALAR.match(text, at)
    if match is None:
        raise Broken(f"expected a value at {at}")
    return match.end()


def _string(text: bytes, at: int) -> int:
    # Eight kilobytes of base64 take the pattern 60 us, and find() less than one (bench/batch.py).
    end = text.find(b'"', at + 1)
    if end > 0 and text.find(b"\\", at + 1, end) < 0:
        return end + 1
    match = _STRING.match(text, at)
    if match is None:
        raise Broken("the text ends inside a string")
    return match.end()


def _numbers(text: bytes, at: int) -> int:
    """Behind the array of numbers that begins at `at`; 0 where it is none, or so short that it does not matter."""
    match = _INSIDE.match(text, at + 1, at + _SHORT)
    if match is None or match.end() < at + _SHORT:
        return 0
    end = text.find(b"]", at)
    if end < 0 or any(text.find(mark, at + 1, end) >= 0 for mark in (b'"', b"[", b"{", b"}")):
        return 0
    return end + 1


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
            at = _string(text, at)
        elif mark == _ARRAY and (end := _numbers(text, at)):
            at = end
            if not awaited:
                return at
        elif mark in _CLOSES:
            at += 1
            awaited.append(_CLOSES[mark])
            if len(awaited) > _DEEPEST:
                raise Broken("nested too deep")
        elif not awaited or awaited.pop() != mark:
            raise Broken(f"expected another bracket at {at}")
        else:
            at += 1
            if not awaited:
                return at
