"""Wording: pydantic's errors -> one plain sentence each, with what was expected and the way out."""

import re
from collections.abc import Iterable
from typing import Any, get_args

from pydantic_core import ErrorDetails

from gateway.config import kinds
from gateway.config.places import Path, Problem, Source, at, overlap, suggest
from gateway.model.settings import base, file, guards, route, tiers, upstream, warm
from gateway.model.units import Percent, format_duration, format_size

_PATTERNS = {
    get_args(kind)[1].pattern: words
    for kind, words in (
        (base.Name, "a name: letters, digits, dots, dashes and underscores, 64 at most"),
        (base.Pointer, "a JSON Pointer such as /query or /messages/*/content"),
        (base.Member, "the pointer of one member, such as /input, or the empty one"),
        (base.Reference, "a path such as /batch, or one relative to the request's such as batch"),
        (base.PointerOrSegment, "a JSON Pointer such as /kb_id, or a segment of match.path such as {kb_id}"),
        (base.Target, "a path such as /health or /retrieve"),
        (base.EventName, "an event's name without blanks"),
        (base.FieldName, "a header field's name such as X-Tenant"),
        (guards.Rate, "off, or a count per second, minute or hour such as 10/s, 30/m or 100/h"),
        (warm.Pace, "a count per second, minute or hour such as 5/s or 30/m"),
        (guards.Payer, "peer, credential, or header and its name, such as header X-Tenant"),
    )
}
_URL = "a URL such as http://rag:8000, without user, query or fragment"
_SHAPES: dict[Any, str] = {
    upstream.UpstreamSettings: "a URL, a list of URLs, or a mapping",
    route.CacheSettings: "http, or a mapping",
    tiers.L2Settings: "off, a Redis URL such as redis://redis:6379/0, or a mapping with disk or redis",
    tiers.RedisSettings: "a Redis URL such as redis://redis:6379/0, or a mapping",
    tiers.DiskSettings: "a folder, or a mapping",
    base.Condition: "a condition such as {pointer: /error, exists: true}",
}
_MAPPINGS = ("model_type", "model_attributes_type", "dict_type")
_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}


def problems_of(errors: Iterable[ErrorDetails], data: Any, source: Source) -> list[Problem]:
    """Pydantic's errors about raw data in long form -> problems, one for each path where a union made several."""
    by_path: dict[Path, list[ErrorDetails]] = {}
    for error in errors:
        by_path.setdefault(_path(error, data), []).append(error)
    paths = [path for path in by_path if not _told_below(path, by_path)]
    return [Problem(path, _sentence(path, by_path[path], at(data, path), source)) for path in paths]


def _path(error: ErrorDetails, data: Any) -> Path:
    """The error's path in the data; drops what pydantic adds for the arms of a union and for keys."""
    path: list[str | int] = []
    node, inside = data, True
    for part in error["loc"]:
        known = (isinstance(node, dict) and part in node) or (
            isinstance(node, list) and isinstance(part, int) and part < len(node)
        )
        if known and inside:
            path.append(part)
            node = node[part]
        elif error["type"] == "missing" and part == error["loc"][-1]:
            path.append(part)
        elif not isinstance(node, list):
            inside = False
    return tuple(path)


def _told_below(path: Path, by_path: dict[Path, list[ErrorDetails]]) -> bool:
    """A list whose member is wrong is also `too short`, `no text` or `not the word all`: the member says it better."""
    vague = all(error["type"] in ("literal_error", "string_type", "tuple_type", "too_short") for error in by_path[path])
    return vague and any(other != path and overlap(path, other) and len(other) > len(path) for other in by_path)


def _sentence(path: Path, errors: list[ErrorDetails], value: Any, source: Source) -> str:
    words = [str(error["ctx"]["expected"]) for error in errors if error["type"] == "literal_error"]
    rest = [error for error in errors if error["type"] != "literal_error"]
    if words and not (rest and isinstance(value, list)):
        return _one_of(path, words[0], value, bool(rest), source)
    error = rest[0]
    kind = error["type"]
    # Text in place of a mapping may be anything, a password too.
    hidden = isinstance(value, str) and kind in _MAPPINGS and not source.template(path)
    got = "" if hidden else source.got(path, value)
    if kind == "extra_forbidden":
        return _unknown_key(path)
    if kind == "missing":
        return f"missing; expected {_description(path)}"
    if kind == "value_error":
        text = str(error["ctx"]["error"])
        return (text.partition(" (")[0] if source.template(path) else text) + got
    if kind == "string_pattern_mismatch":
        return f"expected {_PATTERNS.get(error['ctx']['pattern'], _URL)}{got}"
    if kind in _BOUNDS:
        side, key = _BOUNDS[kind]
        return f"expected {side} {_in_unit(path, error['ctx'][key])}{got}"
    if kind == "too_short":
        return f"expected at least one; {_description(path)}"
    if kind == "too_long":
        return f"expected at most {error['ctx']['max_length']}"
    return f"expected {_expected(kind, path, value)}{got}"


def _expected(kind: str, path: Path, value: Any) -> str:
    if kind == "string_type":
        return "text" if isinstance(value, dict | list) else f"text in quotes ({_description(path)})"
    if kind.startswith("int_"):
        return "a whole number"
    if kind.startswith("bool_"):
        return "true or false"
    if kind in ("tuple_type", "list_type"):
        return "a list"
    if kind in _MAPPINGS:
        return _SHAPES.get(kinds.model_at(file.Settings, path), "a mapping")
    return "something else"


def _one_of(path: Path, expected: str, value: Any, or_list: bool, source: Source) -> str:
    """`expected on, shadow or off; did you mean ...`, and `or a list` where a list would do, too."""
    known = re.findall(r"'([^']*)'", expected)
    words = [*known, "a list"] if or_list else known
    listed = " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
    hint = suggest(value, known) if isinstance(value, str) else ""
    if not hint and or_list and isinstance(value, str) and not source.template(path):
        hint = "; put it in [ ]"
    return f"expected {listed}{source.got(path, value)}{hint}"


def _unknown_key(path: Path) -> str:
    """The way out: a near name, the section where the name is known, or the names that there are."""
    name, around = str(path[-1]), kinds.model_at(file.Settings, path[:-1])
    if around is None:
        return "unknown key"
    if ":" in name:
        return "unknown key; put a space after the colon"
    fields = kinds.fields(around)
    known = [*fields, "preset"] if around is route.RouteSettings else [*fields]
    if hint := suggest(name, known):
        return f"unknown key{hint}"
    for section, info in fields.items():
        inner = kinds.bare(info.annotation)
        if kinds.is_model(inner) and name in kinds.fields(inner):
            return f"unknown key; did you mean {section}.{name}?"
    return f"unknown key; expected one of {', '.join(known)}"


def _description(path: Path) -> str:
    info = kinds.field_at(file.Settings, path)
    return (info.description if info else None) or "a value"


def _in_unit(path: Path, bound: Any) -> str:
    info = kinds.field_at(file.Settings, path)
    kind = kinds.bare(info.annotation) if info else None
    if kind is float:
        return format_duration(bound)
    if info and any(part in Percent.__metadata__ for part in info.metadata):  # type: ignore[attr-defined]  # Annotated
        return f"{bound}%"
    return format_size(bound) if kind is int and bound >= 1024 and bound % 1024 == 0 else str(bound)
