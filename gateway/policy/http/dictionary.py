"""Structured fields: a dictionary, as targeted cache-control fields are written (RFC 8941 section 4.2.2)."""

import re
from enum import Enum
from typing import NamedTuple


class Kind(Enum):
    """The type of a member's value."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    STRING = "string"
    TOKEN = "token"
    BYTES = "bytes"
    LIST = "list"


class Value(NamedTuple):
    """One member's value. text: as it stands there; a string without its quotes, a boolean as `1` or `0`."""

    kind: Kind
    text: bytes


_TRUE = Value(Kind.BOOLEAN, b"1")

# Possessive throughout: linear for any input. Each alternative is named after its kind, decimals before integers.
_BARE = (
    rb"(?:-?\d{1,12}+\.\d{1,3}+|-?\d{1,15}+"
    rb'|"(?:[ !#-\[\]-~]|\\["\\])*+"'
    rb"|[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*+"
    rb"|:[A-Za-z0-9+/=]*+:|\?[01])"
)
_KEY = rb"[a-z*][a-z0-9_.*-]*+"
_PARAMETERS = rb"(?:;\x20*+" + _KEY + rb"(?:=" + _BARE + rb")?+)*+"
_ITEM = _BARE + _PARAMETERS
_INNER_LIST = rb"\(\x20*+(?:" + _ITEM + rb"(?:\x20++|(?=\))))*+\)"
_MEMBER = re.compile(
    rb"(?P<key>" + _KEY + rb")(?:=(?:(?P<bare>" + _BARE + rb")|(?P<list>" + _INNER_LIST + rb")))?+" + _PARAMETERS
)
_COMMA = re.compile(rb"[ \t]*+,[ \t]*+")
_ESCAPE = re.compile(rb"\\(.)")


def dictionary(value: bytes) -> dict[bytes, Value] | None:
    """The members by their keys, of several with one key the last; None where one byte of it is against the grammar.

    value: all lines joined. Parameters have to be well-formed, and are not told.
    """
    text = value.strip(b" ")
    members: dict[bytes, Value] = {}
    at = 0
    while at < len(text):
        member = _MEMBER.match(text, at)
        if member is None:
            return None
        members[member["key"]] = _value(member)
        at = member.end()
        if at == len(text):
            return members
        comma = _COMMA.match(text, at)
        if comma is None or comma.end() == len(text):
            return None
        at = comma.end()
    return members


def _value(member: re.Match[bytes]) -> Value:
    if member["list"] is not None:
        return Value(Kind.LIST, member["list"])
    bare = member["bare"]
    if bare is None:
        return _TRUE
    match bare[:1]:
        case b"?":
            return Value(Kind.BOOLEAN, bare[1:])
        case b'"':
            return Value(Kind.STRING, _ESCAPE.sub(rb"\1", bare[1:-1]))
        case b":":
            return Value(Kind.BYTES, bare[1:-1])
        case first if first.isdigit() or first == b"-":
            return Value(Kind.DECIMAL if b"." in bare else Kind.INTEGER, bare)
        case _:
            return Value(Kind.TOKEN, bare)
