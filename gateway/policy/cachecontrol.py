"""Cache-Control: a tolerant reader of its directives (RFC 9111 sections 4.2.1 and 5.2)."""

import re
from typing import Self

MOST_SECONDS = (1 << 31) - 1
"""What an overlong number of seconds counts as (RFC 9111 section 1.2.2)."""

# Up to the next comma that is not inside a quoted string; where a string has no end, it and all that follows stand in
# the second group. Possessive throughout: linear for any input.
_DIRECTIVE = re.compile(rb'((?:[^,"]++|"(?:[^"\\]++|\\.)*+")*+)(".*+)?', re.DOTALL)
_QUOTED = re.compile(rb'"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

# Those that forbid are read even where a broken quoted string has swallowed them.
_FORBIDDING = frozenset(
    {b"no-store", b"no-cache", b"private", b"must-revalidate", b"proxy-revalidate", b"must-understand"}
)


class CacheControl:
    """The directives of one message; names in lower case. All lines joined, or None where there is no such field."""

    __slots__ = ("_directives",)

    def __init__(self, value: bytes | None) -> None:
        self._directives: dict[bytes, list[bytes]] = {}
        for plain, broken in _DIRECTIVE.findall(value) if value else ():
            name, _, argument = (plain + broken).partition(b"=")
            if name:
                self._directives.setdefault(name.strip().lower(), []).append(argument.strip())
            for swallowed in broken.split(b",")[1:]:
                name = swallowed.partition(b"=")[0].strip().lower()
                if name in _FORBIDDING:
                    self._directives.setdefault(name, []).append(b"")

    @classmethod
    def of(cls, directives: dict[bytes, list[bytes]]) -> Self:
        """From directives that were read elsewhere: lower-case name -> its arguments, with their quotes."""
        made = cls(None)
        made._directives = directives
        return made

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._directives!r})"

    def has(self, *names: bytes) -> bool:
        """Whether one of these directives is there, with or without an argument.

        `private` and `no-cache` with a list of field names count like those without: a cache may always do less.
        `limited_to` tells more.
        """
        return any(name in self._directives for name in names)

    def limited_to(self, name: bytes) -> frozenset[bytes] | None:
        """The field names that `private` or `no-cache` is limited to, in lower case (sections 5.2.2.4 and 5.2.2.7).

        None where the directive is absent, or stands for the whole answer: without a list, in one of its occurrences,
        or with one that cannot be read. A list has to be quoted, as senders should write it: who writes `private=true`
        does not mean a field of that name.
        """
        arguments = self._directives.get(name)
        if arguments is None:
            return None
        names: set[bytes] = set()
        for argument in arguments:
            quoted = _unquoted(argument)
            listed = (
                {part.strip(b" \t").lower() for part in quoted.split(b",")} - {b""} if quoted is not None else set()
            )
            if not listed or not all(_TOKEN.fullmatch(each) for each in listed):
                return None
            names |= listed
        return frozenset(names)

    def seconds(self, name: bytes) -> int | None:
        """A directive's delta-seconds, or None where it is absent.

        Malformed and negative ones are 0, and of several the smallest counts: in doubt an answer is stale.
        """
        arguments = self._directives.get(name)
        return None if arguments is None else min(map(_seconds, arguments))


def delta_seconds(text: bytes) -> int:
    """`600` -> 600; what is no number of seconds -> 0."""
    text = text.strip(b" \t")
    if not text.isdigit():
        return 0
    digits = text.lstrip(b"0")
    return min(int(digits or b"0"), MOST_SECONDS) if len(digits) < 12 else MOST_SECONDS


def _seconds(argument: bytes) -> int:
    """Both forms are read, since some senders quote what they should not (RFC 9111 section 5.2)."""
    quoted = _unquoted(argument)
    return delta_seconds(argument if quoted is None else quoted)


def _unquoted(argument: bytes) -> bytes | None:
    """A quoted string's content; None for what is none, or has no end."""
    quoted = _QUOTED.fullmatch(argument)
    return _ESCAPE.sub(rb"\1", quoted[1]) if quoted else None
