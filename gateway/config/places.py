"""Places: where in the file each setting stands, and how a problem is told without telling a secret.

A path is a tuple of keys and indices, `("routes", 2, "cache", "ttl")`; an operator reads `routes[2].cache.ttl`.
"""

import difflib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Path = tuple[str | int, ...]

COMMAND_LINE = "command line"  # in the place of a file's name

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SECRET_KEYS = frozenset({"password", "token", "tokens", "url", "urls"})
_SHOWN = 60
_LONGEST = 600


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong (or doubtful, if it is a warning) at a path; `line` where the path alone cannot tell."""

    path: Path
    text: str
    line: int | None = None


@dataclass(slots=True)
class Source:
    """One file's name, the line (from 1) of every path written in it, and scalars as they stood before `${...}`.

    over: paths that the command line states, whatever the file says.
    """

    name: str
    lines: dict[Path, int] = field(default_factory=dict)
    templates: dict[Path, str] = field(default_factory=dict)
    over: frozenset[Path] = frozenset()

    def wrote(self, path: Path) -> bool:
        """Did the operator write this very setting (rather than a preset or a default)?"""
        return path in self.lines or path in self.over

    def template(self, path: Path) -> str | None:
        """How a value that came from the environment was written; also for what its short spelling became."""
        return next((text for n in range(len(path) + 1) if (text := self.templates.get(path[:n]))), None)

    def line(self, path: Path) -> int | None:
        """The line of the path, or of the nearest mapping or list around it that was written."""
        for length in range(len(path), -1, -1):
            if (line := self.lines.get(path[:length])) is not None:
                return line
        return None

    def tell(self, problem: Problem) -> str:
        """`gateway.yaml:14: routes[2].cache.tll: unknown key; did you mean ttl?`"""
        line = problem.line or self.line(problem.path)
        place = f"{_printable(self.name)}:{line}" if line else _printable(self.name)
        if problem.line is None and any(problem.path[: len(path)] == path for path in self.over):
            place = COMMAND_LINE
        text = problem.text
        if self.template(problem.path):  # what it could mean is spelled from a value that may be secret
            text = text.partition("; did you mean")[0]
        return ": ".join(part for part in (place, dotted(problem.path), _printable(text)[:_LONGEST]) if part)

    def tell_all(self, problems: Iterable[Problem], at_most: int = 100) -> list[str]:
        """Each problem once, in the order of the file."""
        in_order = sorted(problems, key=lambda problem: problem.line or self.line(problem.path) or 0)
        told = list(dict.fromkeys(map(self.tell, in_order)))
        if len(told) > at_most:
            told[at_most:] = [f"{_printable(self.name)}: and {len(told) - at_most} more"]
        return told

    def got(self, path: Path, value: Any) -> str:
        """`, got "10 minutes"`; empty where the value may be a secret."""
        if template := self.template(path):
            return f", got {_quoted(template)}"
        if any(part in _SECRET_KEYS for part in path):
            return ""
        if isinstance(value, dict):
            return ", got a mapping"
        if isinstance(value, list | tuple):
            return ", got a list"
        if value is None:
            return ", got nothing"
        return f", got {_quoted(value)}"


def dotted(path: Path) -> str:
    """A path as an operator writes it; keys of odd characters in quotes, cut at a colon: `token:s3cret` is a slip."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_KEY.fullmatch(part):
            text += f".{part}" if text else part
        else:
            key, colon, _ = part.partition(":")
            text += f"[{_quoted(key + ':...' if colon else key)}]"
    return text


def suggest(word: str, known: Iterable[str]) -> str:
    """`; did you mean ttl?`, or nothing."""
    by_case = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(word[:80].casefold(), by_case, n=1, cutoff=0.6)
    return f"; did you mean {by_case[close[0]]}?" if close else ""


def at(data: Any, path: Path) -> Any:
    """What stands at the path in raw data; None where nothing does."""
    for part in path:
        if isinstance(data, dict):
            data = data.get(part)
        else:
            inside = isinstance(data, list) and isinstance(part, int) and part < len(data)
            data = data[part] if inside else None
    return data


def overlap(one: Path, other: Path) -> bool:
    """Is one inside the other?"""
    shared = min(len(one), len(other))
    return one[:shared] == other[:shared]


def _quoted(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    if "@" in text:  # whatever stands before it may be a password
        text = '"***@' + text.rpartition("@")[2]
    return _printable(text if len(text) <= _SHOWN else text[: _SHOWN - 4] + '..."')


def _printable(text: str) -> str:
    """One line that every terminal can show."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
