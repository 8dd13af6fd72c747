"""Building blocks of the settings: the frozen model, the spellings of names and pointers, conditions, TLS."""

import re
import warnings
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Pointer = Annotated[str, StringConstraints(pattern=r"^(/([^/~]|~[01])*)*$")]
Pointers = Annotated[tuple[Pointer, ...], Field(max_length=256)]
Member = Annotated[str, StringConstraints(pattern=r"^(/([^/~*]|~[01])+)?$")]
Reference = Annotated[str, StringConstraints(pattern=r"^[^\s?#]{1,1024}$")]
PointerOrSegment = Annotated[str, StringConstraints(pattern=r"^((/([^/~]|~[01])*)+|\{[A-Za-z_][A-Za-z0-9_]*\})$")]
Target = Annotated[str, StringConstraints(pattern=r"^/[!-~]*$")]
EventName = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]
FieldName = Annotated[str, StringConstraints(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", to_lower=True)]


def compile_pattern(value: Any) -> re.Pattern[str]:
    """A regular expression of Python's re. ValueError where it is none; never any other exception."""
    if isinstance(value, re.Pattern):
        return value
    if not isinstance(value, str):
        raise ValueError("expected a regular expression")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # re warns of doubtful spellings on standard error
            return re.compile(value)
    except (re.error, OverflowError, RecursionError) as exc:
        detail = exc.msg if isinstance(exc, re.error) else "too large"
        raise ValueError(f"expected a regular expression ({detail})") from None


Pattern = Annotated[re.Pattern[str], BeforeValidator(compile_pattern)]


class Frozen(BaseModel):
    """No unknown keys, no change after construction."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, arbitrary_types_allowed=False)


class Condition(Frozen):
    """One test of a JSON document. `*` in the pointer matches each member; one that passes is enough."""

    pointer: Pointer = Field(description="JSON Pointer (RFC 6901); a segment `*` stands for every member")
    is_: Any = Field(default=None, alias="is", description="the value equals this")
    is_not: Any = Field(default=None, description="the value is present and differs from this")
    in_: tuple[Any, ...] | None = Field(default=None, alias="in", description="the value equals one of these")
    exists: bool | None = Field(default=None, description="the pointer leads to a value, or to none")
    matches: Pattern | None = Field(default=None, description="the value is a string in which this matches")


class TlsSettings(Frozen):
    """How to speak TLS to an upstream or to Redis."""

    verify: bool = Field(default=True, description="check the certificate")
    ca: str | None = Field(default=None, description="file of trusted certificates; none: the system's")
    cert: str | None = Field(default=None, description="our certificate, for mutual TLS")
    key: str | None = Field(default=None, description="its private key")
