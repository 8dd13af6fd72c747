"""Durations, sizes and jitter as people write them: `90s`, `1h30m`, `64MiB`, `10%`."""

import re
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, WithJsonSchema

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {
    "": 1, "B": 1,
    "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
}  # fmt: skip
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)?")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")


def parse_duration(value: Any) -> float:
    """`90s`, `1h30m`, `250ms` or `0` -> seconds. ValueError where it is none."""
    if value == 0 and not isinstance(value, bool):
        return 0.0
    if isinstance(value, float) and value >= 0:  # already parsed: settings are built from settings
        return value
    if isinstance(value, str) and _DURATION.fullmatch(value.strip()):
        return sum(float(n) * _SECONDS[unit] for n, unit in _DURATION_PART.findall(value))
    raise ValueError("expected a duration such as 250ms, 90s, 10m or 1h30m")


def parse_size(value: Any) -> int:
    """`64MiB`, `1.5 GB` or a count of bytes -> bytes. ValueError where it is none."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and (match := _SIZE.fullmatch(value.strip())):
        return int(float(match[1]) * _BYTES[match[2] or ""])
    raise ValueError("expected a size such as 512KiB, 64MiB or 2GB")


class Jitter(NamedTuple):
    """A random offset of +- `seconds`, or of +- `share` of the lifetime it is applied to."""

    seconds: float = 0.0
    share: float = 0.0


def parse_jitter(value: Any) -> Jitter:
    """`10%` or a duration -> Jitter. ValueError where it is neither, or over 100 %."""
    if isinstance(value, Jitter):
        return value
    if isinstance(value, str) and (match := _PERCENT.fullmatch(value.strip())):
        share = float(match[1]) / 100
        if share > 1:
            raise ValueError("expected at most 100%")
        return Jitter(share=share)
    try:
        return Jitter(seconds=parse_duration(value))
    except ValueError:
        raise ValueError("expected a percentage such as 10% or a duration such as 30s") from None


Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    WithJsonSchema({"type": ["string", "integer"], "pattern": r"^(\d+(\.\d+)?(ms|s|m|h|d))+$", "examples": ["90s"]}),
]
Size = Annotated[
    int,
    BeforeValidator(parse_size),
    WithJsonSchema({"type": ["string", "integer"], "pattern": _SIZE.pattern, "examples": ["64MiB"]}),
]
JitterField = Annotated[
    Jitter,
    BeforeValidator(parse_jitter),
    WithJsonSchema({"type": ["string", "integer"], "examples": ["10%", "30s"]}),
]
