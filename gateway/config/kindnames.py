"""Kind names: what a setting takes, in a word or two, and between which limits; read from its type."""

import re
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gateway.model.settings import base, guards, stream, warm
from gateway.model.units import (
    Duration,
    JitterField,
    Percent,
    ShareField,
    Size,
    format_duration,
    format_size,
)


class Limits(NamedTuple):
    """As they are written in a file; None: there is none."""

    least: str | None = None
    most: str | None = None


def _parser(alias: Any) -> Any:
    return next(part.func for part in alias.__metadata__ if hasattr(part, "func"))


def _pattern(alias: Any) -> str:
    return str(next(part.pattern for part in alias.__metadata__ if getattr(part, "pattern", None)))


_UNITS = {
    _parser(Duration): "time",
    _parser(Size): "size",
    _parser(Percent): "percentage",
    _parser(JitterField): "percentage or time",
    _parser(ShareField): "percentage",
    base.compile_pattern: "pattern",
}
_SPELLINGS = {
    _pattern(base.Name): "name",
    _pattern(base.Pointer): "JSON Pointer",
    _pattern(base.Member): "JSON Pointer without `*`",
    _pattern(base.Reference): "path",
    _pattern(base.PointerOrSegment): "JSON Pointer or `{segment}`",
    _pattern(base.Target): "path",
    _pattern(base.EventName): "name of an event",
    _pattern(base.FieldName): "name of a field",
    _pattern(guards.Rate): "`off` or a rate as `30/m`",
    _pattern(guards.Payer): "`peer`, `credential` or `header NAME`",
    _pattern(warm.Pace): "rate as `5/s`",
    str(stream.ReplaySettings.model_fields["pace"].metadata[0].pattern): "`at-once`, `recorded` or a rate as `50/s`",
}  # fmt: skip
_PLAIN = {
    str: "text",
    int: "number",
    float: "number",
    bool: "`true` or `false`",
    Any: "anything",
    re.Pattern: "pattern",
}


def kind_name(annotation: Any, metadata: list[Any]) -> tuple[str, Limits]:
    """Of a field. Empty where it is a mapping of settings of its own; `list`, `mapping` where it holds several."""
    if getattr(annotation, "__metadata__", None):
        metadata = [*annotation.__metadata__, *metadata]
        annotation = annotation.__origin__
    metadata = [part for one in metadata for part in (one.metadata if isinstance(one, FieldInfo) else [one])]
    if get_origin(annotation) in (Union, UnionType):
        arms = [kind_name(arm, metadata) for arm in get_args(annotation) if arm is not NoneType]
        return ", or ".join(name for name, _ in arms), arms[0][1]
    return _name(annotation, metadata), _limits(metadata)


def _name(annotation: Any, metadata: list[Any]) -> str:
    for part in metadata:
        if getattr(part, "func", None) in _UNITS:
            return _UNITS[part.func]
        if getattr(part, "pattern", None) in _SPELLINGS:
            return _SPELLINGS[part.pattern]
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{choice}`" for choice in inner)
    if origin is tuple:
        return f"list{_of(inner[0])}"
    if origin is dict:
        return f"mapping{_of(inner[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return ""
    return _PLAIN.get(annotation) or _PLAIN.get(origin, "text")


def _of(inner: Any) -> str:
    name, limits = kind_name(inner, [])
    between = f" ({limits.least} to {limits.most})" if limits.least and limits.most else ""
    return f" of {name}{between}" if name else ""


def _limits(metadata: list[Any]) -> Limits:
    least = most = None
    for part in metadata:
        for name in ("ge", "gt", "le", "lt", "min_length", "max_length"):
            bound = getattr(part, name, None)
            if bound is None:
                continue
            text = _spelled(bound, metadata, name)
            if name in ("ge", "min_length"):
                least = text
            elif name == "gt":
                least = f"over {text}"
            else:
                most = text
    return Limits(least, most)


def _spelled(bound: float, metadata: list[Any], name: str) -> str:
    if name.endswith("length"):
        return f"{bound:,}"
    unit = next((_UNITS[part.func] for part in metadata if getattr(part, "func", None) in _UNITS), None)
    if unit == "time":
        return format_duration(bound) if bound else "0"
    if unit == "size":
        return format_size(int(bound))
    return f"{bound:,}%" if unit == "percentage" else f"{bound:,}"
