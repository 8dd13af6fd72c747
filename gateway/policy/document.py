"""Document: a body read as JSON, such that equal values look equal and different ones never do. Never raises.

Two things that ordinary parsers forgive would make a cache answer the wrong question, so they are found out here:
members of one name (the last wins in some services, the first in others) and numbers that only look alike once
they have been squeezed into a double. Bodies nested deeper than 254 levels are left alone, as not JSON.
"""

import json
import re
from dataclasses import dataclass
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from enum import StrEnum
from typing import Any

import orjson


class DocumentKind(StrEnum):
    """What a body is."""

    JSON = "json"
    NOT_JSON = "not-json"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Document:
    """A body as JSON.

    value: null, booleans, strings, lists, objects; numbers as int where they are integers of 64 bits, as float
    where the shortest spelling of that double is the number, else as Decimal. None where `kind` is not JSON.
    duplicates: an object somewhere has two members of one name; `value` then holds the last of them.
    canonical: the one spelling of `value`: members sorted, no white space. b"" where `kind` is not JSON.
    """

    value: Any
    kind: DocumentKind
    duplicates: bool = False
    canonical: bytes = b""

    @property
    def is_json(self) -> bool:
        """Whether `value` may be looked at."""
        return self.kind is DocumentKind.JSON


EMPTY = Document(None, DocumentKind.EMPTY)
NOT_JSON = Document(None, DocumentKind.NOT_JSON)


def parse(body: bytes) -> Document:
    """A body of any bytes -> what it is as JSON (RFC 8259, UTF-8 only)."""
    if not body:
        return EMPTY
    try:
        value = orjson.loads(body)
        if _has_special_numbers(body):
            value = _exact(body)
        canonical = dump(value)
    except (ValueError, TypeError, ArithmeticError, RecursionError):
        return NOT_JSON
    return Document(value, DocumentKind.JSON, _has_duplicates(body, canonical), canonical)


def dump(value: Any) -> bytes:
    """The canonical spelling of a JSON value; TypeError where it is nested deeper than 254 levels.

    Equal values have equal spellings and no others do: JSON delimits itself, and `parse` gives each number one type.
    """
    return orjson.dumps(value, default=_dump_decimal, option=orjson.OPT_SORT_KEYS)


def dump_in_order(value: Any) -> bytes:
    """A JSON value for people and programs to read: members in their order, numbers as exact as `parse` gave them.

    TypeError as `dump`.
    """
    return orjson.dumps(value, default=_dump_decimal)


def from_settings(value: Any) -> Any:
    """A value that an operator wrote, as `parse` would have given it, so that `equal` compares numbers exactly."""
    document = parse(json.dumps(value, default=str).encode())
    return document.value if document.is_json else value


def equal(a: Any, b: Any) -> bool:
    """Equality of values that `parse` gave: 1 is 1.0, true is not 1, lists and objects go member by member."""
    if isinstance(a, bool) or isinstance(b, bool) or a is None or b is None:
        return a is b
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(equal(v, b[k]) for k, v in a.items())
    if isinstance(a, list | tuple):
        return isinstance(b, list | tuple) and len(a) == len(b) and all(equal(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)


# -- members of one name -------------------------------------------------------------------------------------------

_MEMBER = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"[ \t\r\n]*+(:)?', re.DOTALL)


def _has_duplicates(body: bytes, canonical: bytes) -> bool:
    """Whether parsing has lost a member.

    A lost member takes at least its own colon with it, and nothing else changes their number: strings are written
    back with theirs, unless the body spelled one as `\\u003a`. Only then are members counted one by one.
    """
    if b"\\u003" not in body:
        return body.count(b":") != canonical.count(b":")
    return _members(body) != _members(canonical)


def _members(text: bytes) -> int:
    """How many members the objects of a valid JSON text have together: strings that a colon follows."""
    return sum(1 for colon in _MEMBER.findall(text) if colon)


# -- numbers -------------------------------------------------------------------------------------------------------

# Up to 15 digits without exponent, and not an integer written as a fraction: what orjson gives is exact then
# (IEEE 754: 15 digits survive the way into a double and back). All else is read again with care.
_SHAPE = bytes.maketrans(b"123456789.E", b"0000000000e")
_SPECIAL = re.compile(rb"[0-9](?:[eE][+-]?[0-9]|[0-9.]{15}|\.0+(?![0-9]))")
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)


def _has_special_numbers(body: bytes) -> bool:
    # The three look-ups cost a tenth of the pattern, which alone would take longer than parsing.
    shape = body.translate(_SHAPE)
    if b".0" in body or b"0e" in shape or b"0000000000000000" in shape:
        return _SPECIAL.search(body) is not None
    return False


def _exact(body: bytes) -> Any:
    """The value of a valid JSON text, each number as itself. ArithmeticError where an exponent is out of all bounds."""
    return json.loads(body.decode(), parse_int=_integer, parse_float=_number)


def _integer(text: str) -> int | float | Decimal:
    return int(text) if len(text) < 19 else _number(text)


def _number(text: str) -> int | float | Decimal:
    """The one representation of the number that `text` spells."""
    near = float(text)
    if len(text) <= 16 and 1e-290 < abs(near) < 1e15:
        return int(near) if near.is_integer() else near
    if repr(near) == text and not near.is_integer():
        return near  # most numbers of an embedding: a third of the time
    exact = Decimal(text)
    if exact.adjusted() < 20 and exact == (whole := int(exact)) and -(1 << 63) <= whole < 1 << 64:
        return whole
    # Decimal(repr) and not Decimal(near): the double stands for its shortest spelling, not for its binary expansion.
    return near if Decimal(repr(near)) == exact else exact


def _dump_decimal(value: Any) -> orjson.Fragment:
    if not isinstance(value, Decimal):
        raise TypeError(type(value).__name__)
    return orjson.Fragment(str(value.normalize(_EXACT)).encode())
