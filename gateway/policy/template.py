"""Template: JSON or text with `{/pointer}` in it, filled from a request's JSON body. No I/O."""

import re
from collections.abc import Callable
from typing import Any

from gateway.policy.document import dump_in_order, from_settings
from gateway.policy.pointer import Pointer, compile_pointer

PLACEHOLDER = re.compile(r"\{((?:/(?:[^/~{}]|~[01])*)+)\}")

Fill = Callable[[Any], Any]


def json_template(stated: Any) -> Callable[[Any], bytes]:
    """A JSON value that an operator wrote -> a function from a request's JSON value to the bytes of what is to be sent.

    A string that is one placeholder becomes the member itself, of whatever type, or null where there is none; in
    longer strings members are put in as text. Names of members are never placeholders.
    """
    fill = _filler(from_settings(stated))
    if fill is None:
        constant = dump_in_order(from_settings(stated))
        return lambda _: constant
    return lambda value: dump_in_order(fill(value))


def text_template(stated: str) -> Callable[[Any], bytes]:
    """A text -> as `json_template`. Members are put in as JSON, strings in their quotes.

    So nobody can break out of the line or the event that he is put into: `data: {"query": {/query}}`.
    """
    literals, pointers = _split(stated)

    def fill(value: Any) -> bytes:
        members = (dump_in_order(_member(pointer, value)) for pointer in pointers)
        return literals[0].encode() + b"".join(
            member + literal.encode() for member, literal in zip(members, literals[1:], strict=True)
        )

    return fill


def _split(text: str) -> tuple[list[str], list[Pointer]]:
    pieces = PLACEHOLDER.split(text)
    return pieces[::2], [compile_pointer(pointer) for pointer in pieces[1::2]]


def _filler(stated: Any) -> Fill | None:
    """None where nothing is to be put in."""
    if isinstance(stated, str):
        return _string(stated)
    if isinstance(stated, dict):
        members = {name: _filler(member) for name, member in stated.items()}
        if not any(members.values()):
            return None
        return lambda value: {name: stated[name] if fill is None else fill(value) for name, fill in members.items()}
    if isinstance(stated, list):
        elements = [_filler(element) for element in stated]
        if not any(elements):
            return None
        return lambda value: [old if fill is None else fill(value) for old, fill in zip(stated, elements, strict=True)]
    return None


def _string(text: str) -> Fill | None:
    literals, pointers = _split(text)
    if not pointers:
        return None
    if literals == ["", ""]:
        return lambda value: _member(pointers[0], value)
    return lambda value: (
        literals[0]
        + "".join(
            _as_text(_member(pointer, value)) + literal for pointer, literal in zip(pointers, literals[1:], strict=True)
        )
    )


def _member(pointer: Pointer, value: Any) -> Any:
    """The first that the pointer leads to."""
    found = pointer.find(value)
    return found[0] if found else None


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else dump_in_order(value).decode()
