"""Cache-Control: a tolerant reader of its directives (RFC 9111 sections 4.2.1 and 5.2)."""

import re

MOST_SECONDS = (1 << 31) - 1
"""What an overlong number of seconds counts as (RFC 9111 section 1.2.2)."""

# Up to the next comma that is not inside a quoted string. Possessive throughout: linear for any input.
_DIRECTIVE = re.compile(rb'(?:[^,"]++|"(?:[^"\\]++|\\.)*+"?)++', re.DOTALL)
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)


class CacheControl:
    """The directives of one message; names in lower case. All lines joined, or None where there is no such field."""

    __slots__ = ("_directives",)

    def __init__(self, value: bytes | None) -> None:
        self._directives: dict[bytes, list[bytes]] = {}
        for directive in _DIRECTIVE.findall(value) if value else ():
            name, _, argument = directive.partition(b"=")
            self._directives.setdefault(name.strip().lower(), []).append(_unquote(argument.strip()))

    def __repr__(self) -> str:
        return f"CacheControl({self._directives!r})"

    def has(self, *names: bytes) -> bool:
        """Whether one of these directives is there, with or without an argument.

        `private` and `no-cache` with a list of field names count like those without: a cache may always do less.
        """
        return any(name in self._directives for name in names)

    def seconds(self, name: bytes) -> int | None:
        """A directive's delta-seconds, or None where it is absent.

        Malformed and negative ones are 0, and of several the smallest counts: in doubt an answer is stale.
        """
        arguments = self._directives.get(name)
        return None if arguments is None else min(delta_seconds(argument) for argument in arguments)


def delta_seconds(text: bytes) -> int:
    """`600` -> 600; what is no number of seconds -> 0."""
    text = text.strip(b" \t")
    if not text.isdigit():
        return 0
    return min(int(text), MOST_SECONDS) if len(text) < 12 else MOST_SECONDS


def _unquote(argument: bytes) -> bytes:
    if not argument.startswith(b'"'):
        return argument
    return _ESCAPE.sub(rb"\1", argument[1:-1] if argument.endswith(b'"') and len(argument) > 1 else argument[1:])
