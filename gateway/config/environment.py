"""Environment: `${NAME}` and `${NAME:-default}` in any text of the file; `$${` stands for a literal `${`.

As in a shell, the default is taken where the variable is unset or empty. Keys are left alone. What was replaced is
kept as it was written in `Source.templates`, so that no message shows the value. Where NAME is unset and NAME_FILE is
not, that file's text is the value: this is how containers and service managers hand over secrets.
"""

import re
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from gateway.config.places import Path, Problem, Source

_REFERENCE = re.compile(r"\$\$\{|\$\{([^}]*)(\}?)")
_INSIDE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)
_UNUSABLE = re.compile("[\x00\ud800-\udfff]")


_LONGEST = 64 << 10  # bytes of a file that holds a value


class Unset(Exception):
    """A reference that cannot be replaced; says why."""


def look_up(name: str, env: Mapping[str, str]) -> str | None:
    """The value of a variable: its own, or the text of the file that NAME_FILE names, less white space at its ends.

    None where neither is set. Unset where there is a file that cannot be used.
    """
    value = env.get(name)
    file = env.get(f"{name}_FILE")
    if value is not None or not file:
        return value
    try:
        with FilePath(file).open("rb") as stream:
            data = stream.read(_LONGEST + 1)
        if len(data) > _LONGEST:
            raise Unset(f"{file}, which {name}_FILE names, is larger than 64 KiB")
        return data.decode().strip()
    except UnicodeDecodeError:
        raise Unset(f"{file}, which {name}_FILE names, is not UTF-8 text") from None
    except (OSError, ValueError) as exc:  # ValueError: a NUL in the path
        reason = getattr(exc, "strerror", None) or "not a file's name"
        raise Unset(f"{file}, which {name}_FILE names: {reason.lower()}") from None


def substitute(data: Any, env: Mapping[str, str], source: Source) -> tuple[Any, list[Problem]]:
    """Plain data with references -> the same with their values; text that could not be replaced stays."""
    problems: list[Problem] = []

    def walk(value: Any, path: Path) -> Any:
        if isinstance(value, dict):
            return {key: walk(member, (*path, key)) for key, member in value.items()}
        if isinstance(value, list):
            return [walk(member, (*path, index)) for index, member in enumerate(value)]
        if not isinstance(value, str) or "${" not in value:
            return value
        source.templates[path] = re.sub(r":-[^}]*", ":-...", value)
        try:
            return _REFERENCE.sub(lambda match: _value(match, env), value)
        except Unset as exc:
            problems.append(Problem(path, str(exc)))
            return value

    return walk(data, ()), problems


def _value(reference: re.Match[str], env: Mapping[str, str]) -> str:
    if reference[0] == "$${":
        return "${"
    inside = _INSIDE.fullmatch(reference[1])
    if inside is None or not reference[2] or "${" in reference[1]:
        raise Unset("expected ${NAME} or ${NAME:-default}; write $${ for a literal ${")
    name, default = inside[1], inside[2]
    value = look_up(name, env)
    if not value and default is not None:
        return default
    if value is None:
        raise Unset(f"environment variable {name} is not set; set it, or write ${{{name}:-default}}")
    if _UNUSABLE.search(value):
        raise Unset(f"environment variable {name} is not UTF-8 text")
    return value
