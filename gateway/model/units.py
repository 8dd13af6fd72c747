"""Durations, sizes, shares and jitter as people write them: `90s`, `1h30m`, `64MiB`, `10%`."""

import math
import re
from decimal import Decimal
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {
    "": 1, "B": 1,
    "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
}  # fmt: skip
_DURATION_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h|d))+")
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)?")
_PERCENT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*%")
_MAX_BYTES = 2**63 - 1


def parse_duration(value: Any) -> float:
    """`90s`, `1h30m`, `250ms` or `0` -> seconds. ValueError where it is none."""
    if value == "0" or (value == 0 and not isinstance(value, bool)):
        return 0.0
    if isinstance(value, float) and 0 <= value < math.inf:  # already parsed: settings are built from settings
        return value
    if isinstance(value, str) and _DURATION.fullmatch(value.strip()):
        seconds = sum(float(n) * _SECONDS[unit] for n, unit in _DURATION_PART.findall(value))
        if seconds < math.inf:
            return seconds
    raise ValueError("expected a duration such as 250ms, 90s, 10m or 1h30m")


def format_duration(seconds: float) -> str:
    """Seconds -> the shortest spelling in one unit that parse_duration reads as the same: `90s`, `10m`, `50ms`."""
    milliseconds = round(seconds * 1000, 6)
    if milliseconds == 0:
        return "0s"
    for unit in ("d", "h", "m", "s"):
        count, rest = divmod(milliseconds, _SECONDS[unit] * 1000)
        if rest == 0:
            return f"{count:.0f}{unit}"
    return f"{milliseconds:.6f}".rstrip("0").rstrip(".") + "ms"


def parse_size(value: Any) -> int:
    """`64MiB`, `1.5 GB` or a count of bytes -> bytes. ValueError where it is none."""
    size: float = -1
    if isinstance(value, int) and not isinstance(value, bool):
        size = value
    elif isinstance(value, str) and (match := _SIZE.fullmatch(value.strip())):
        number, unit = match[1], match[2] or "B"
        if "." not in number and len(number) < 20:
            size = int(number) * _BYTES[unit]
        elif unit != "B":  # half a byte is a slip
            size = float(number) * _BYTES[unit]
    if 0 <= size <= _MAX_BYTES:
        return int(size)
    raise ValueError("expected a size such as 512KiB, 64MiB or 2GB")


def format_size(size: int) -> str:
    """Bytes -> the shortest exact spelling: `64MiB`, `2GB`, `1500`."""
    for unit in ("TiB", "GiB", "MiB", "KiB", "TB", "GB", "MB", "kB"):
        if size and size % _BYTES[unit] == 0:
            return f"{size // _BYTES[unit]}{unit}"
    return str(size)


def parse_percent(value: Any) -> int:
    """`10%`, or the number alone -> percent. ValueError where it is no whole one."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and (match := _PERCENT.fullmatch(value.strip())) and match[1].isdecimal():
        return int(match[1][:9])
    raise ValueError("expected a whole percentage such as 10%")


class Jitter(NamedTuple):
    """A random offset of +- `seconds`, or of +- `share` of the lifetime it is applied to."""

    seconds: float = 0.0
    share: float = 0.0


def parse_jitter(value: Any) -> Jitter:
    """`10%` or a duration -> Jitter. ValueError where it is neither, or over 100 %."""
    if isinstance(value, Jitter):
        return value
    if isinstance(value, str) and (match := _PERCENT.fullmatch(value.strip())):
        share = float(match[1] + "e-2")  # rounded once: what format_jitter writes is read as the very same
        if share > 1:
            raise ValueError("expected at most 100%")
        return Jitter(share=share)
    try:
        return Jitter(seconds=parse_duration(value))
    except ValueError:
        raise ValueError("expected a percentage such as 10% or a duration such as 30s") from None


def format_jitter(jitter: Jitter) -> str:
    """`10%`, which parse_jitter reads as the very same share, or a duration."""
    if jitter.share:
        return f"{Decimal(repr(jitter.share)).scaleb(2).normalize():f}%"
    return format_duration(jitter.seconds)


class Share(NamedTuple):
    """A part of a whole, from 0 to 1."""

    share: float = 0.0


def parse_share(value: Any) -> Share:
    """`0.1%` -> Share. ValueError where it is no percentage, or over 100 %."""
    if isinstance(value, Share):
        return value
    if value == 0 and not isinstance(value, bool):
        return Share()
    if isinstance(value, str) and (match := _PERCENT.fullmatch(value.strip())):
        share = float(match[1] + "e-2")
        if share > 1:
            raise ValueError("expected at most 100%")
        return Share(share)
    raise ValueError("expected a percentage such as 0.1%")


def format_share(share: Share) -> str:
    """`0.1%`, which parse_share reads as the very same share."""
    return f"{Decimal(repr(share.share)).scaleb(2).normalize():f}%"


def _dump_jitter(jitter: Jitter) -> str | float:
    """For JSON that settings are read back from: exact, as all other durations are."""
    return format_jitter(jitter) if jitter.share else jitter.seconds


_ZERO = {"const": 0}
Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": f"^{_DURATION.pattern}$"}, _ZERO], "examples": ["90s"]}),
]
Size = Annotated[
    int,
    BeforeValidator(parse_size),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string", "pattern": f"^{_SIZE.pattern}$"}, {"type": "integer", "minimum": 0}],
            "examples": ["64MiB"],
        }
    ),
]
Percent = Annotated[
    int,
    BeforeValidator(parse_percent),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string", "pattern": r"^[0-9]+\s*%$"}, {"type": "integer", "minimum": 0}],
            "examples": ["10%"],
        }
    ),
]
JitterField = Annotated[
    Jitter,
    BeforeValidator(parse_jitter),
    PlainSerializer(_dump_jitter, when_used="json"),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": f"^({_PERCENT.pattern}|{_DURATION.pattern})$"},
                _ZERO,
            ],
            "examples": ["10%", "30s"],
        }
    ),
]
ShareField = Annotated[
    Share,
    BeforeValidator(parse_share),
    PlainSerializer(format_share, when_used="json"),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": f"^{_PERCENT.pattern}$"}, _ZERO], "examples": ["0.1%"]}),
]
