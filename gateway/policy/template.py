"""Template: JSON or text with `{/pointer}` in it, filled from a request's JSON body. No I/O.

Beside pointers there may be words, such as `{documents}`: what they stand for is said when the template is filled.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from gateway.policy.document import dump_in_order, from_settings
from gateway.policy.pointer import compile_pointer

_POINTER = r"(?:/(?:[^/~{}]|~[01])*)+"
PLACEHOLDER = re.compile(rf"\{{({_POINTER})\}}")

Said = Mapping[str, Any]
"""What the words of a template stand for."""

NOTHING: Said = MappingProxyType({})

Template = Callable[[Any, Said], bytes]
"""From a request's JSON value, and what is said beside it, to the bytes of what is to be sent."""

_Fill = Callable[[Any, Said], Any]


def json_template(stated: Any, words: Sequence[str] = ()) -> Template:
    """A JSON value that an operator wrote.

    A string that is one placeholder becomes the member itself, of whatever type, or null where there is none; in
    longer strings members are put in as text. Names of members are never placeholders.
    """
    fill = _filler(from_settings(stated), _pattern(words))
    if fill is None:
        constant = dump_in_order(from_settings(stated))
        return lambda _, __: constant
    return lambda value, said: dump_in_order(fill(value, said))


def text_template(stated: str, words: Sequence[str] = ()) -> Template:
    """A text -> as `json_template`. Members are put in as JSON, strings in their quotes.

    So nobody can break out of the line or the event that he is put into: `data: {"query": {/query}}`.
    """
    literals, members = _split(stated, _pattern(words))

    def fill(value: Any, said: Said) -> bytes:
        put_in = (dump_in_order(member(value, said)) for member in members)
        return literals[0].encode() + b"".join(
            member + literal.encode() for member, literal in zip(put_in, literals[1:], strict=True)
        )

    return fill


def plain_template(stated: str, escape: Callable[[str], str], words: Sequence[str] = ()) -> Callable[[Any, Said], str]:
    """A text into which members are put as text, each `escape`d for the place it stands in."""
    literals, members = _split(stated, _pattern(words))

    def fill(value: Any, said: Said) -> str:
        put_in = (escape(_as_text(member(value, said))) for member in members)
        return literals[0] + "".join(member + literal for member, literal in zip(put_in, literals[1:], strict=True))

    return fill


def placeholders(stated: Any, words: Sequence[str] = ()) -> set[str]:
    """All pointers and words that stand in braces in a JSON value that an operator wrote."""
    if isinstance(stated, str):
        return set(_pattern(words).findall(stated))
    members = stated.values() if isinstance(stated, dict) else stated if isinstance(stated, list | tuple) else ()
    return set().union(*(placeholders(member, words) for member in members))


def _pattern(words: Sequence[str]) -> re.Pattern[str]:
    return re.compile(rf"\{{({'|'.join((_POINTER, *map(re.escape, words)))})\}}") if words else PLACEHOLDER


def _split(text: str, pattern: re.Pattern[str]) -> tuple[list[str], list[_Fill]]:
    pieces = pattern.split(text)
    return pieces[::2], [_member(name) for name in pieces[1::2]]


def _filler(stated: Any, pattern: re.Pattern[str]) -> _Fill | None:
    """None where nothing is to be put in."""
    if isinstance(stated, str):
        return _string(stated, pattern)
    if isinstance(stated, dict):
        members = {name: _filler(member, pattern) for name, member in stated.items()}
        if not any(members.values()):
            return None
        return lambda value, said: {
            name: stated[name] if fill is None else fill(value, said) for name, fill in members.items()
        }
    if isinstance(stated, list):
        elements = [_filler(element, pattern) for element in stated]
        if not any(elements):
            return None
        return lambda value, said: [
            old if fill is None else fill(value, said) for old, fill in zip(stated, elements, strict=True)
        ]
    return None


def _string(text: str, pattern: re.Pattern[str]) -> _Fill | None:
    literals, members = _split(text, pattern)
    if not members:
        return None
    if literals == ["", ""]:
        return members[0]
    return lambda value, said: (
        literals[0]
        + "".join(
            _as_text(member(value, said)) + literal for member, literal in zip(members, literals[1:], strict=True)
        )
    )


def _member(name: str) -> _Fill:
    """The first that a pointer leads to, or what a word stands for."""
    if not name.startswith("/"):
        return lambda _, said: said.get(name)
    find = compile_pointer(name).find

    def first(value: Any, _: Said) -> Any:
        found = find(value)
        return found[0] if found else None

    return first


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else dump_in_order(value).decode()
