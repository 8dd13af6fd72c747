"""Shown: settings as an operator would write them, `10m` and not 600.0, and without their secrets; and what differs."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gateway.config.places import Path, dotted
from gateway.model.settings.base import Condition
from gateway.model.settings.stated import StatedAnswer, StatedEvent
from gateway.model.units import (
    Jitter,
    Percent,
    Share,
    Size,
    format_duration,
    format_jitter,
    format_share,
    format_size,
)
from gateway.policy.keying import CREDENTIALS

MASK = "***"
_SECRETS = frozenset({"password", "token"})
_LOGIN = re.compile(r"(?<=://)[^/@]*@")
# What they state counts, and `is: null` is a statement.
_AS_STATED = (Condition, StatedAnswer, StatedEvent)


def shown(model: BaseModel, *, stated: bool = False, secrets: bool = False) -> dict[str, Any]:
    """Settings as plain JSON, from which `spell_out` and the models make the same again.

    stated: only what was, without defaults. secrets: unmasked, for those who go on with it.
    """
    found: dict[str, Any] = {}
    for name, info in type(model).model_fields.items():
        if (stated or isinstance(model, _AS_STATED)) and name not in model.model_fields_set:
            continue
        key, value = info.alias or name, getattr(model, name)
        if value and not secrets and key in _SECRETS:
            found[key] = MASK
        elif value and not secrets and key == "url":
            found[key] = _LOGIN.sub(f"{MASK}@", value)
        else:
            found[key] = _plain(value, info, stated, secrets)
    return found


def _plain(value: Any, info: FieldInfo, stated: bool, secrets: bool) -> Any:
    if isinstance(value, BaseModel):
        return shown(value, stated=stated, secrets=secrets)
    if info.annotation is Any:
        return value  # an operator's own JSON
    if isinstance(value, re.Pattern):
        return value.pattern
    if isinstance(value, tuple) and not isinstance(value, Jitter | Share):
        return [_plain(one, info, stated, secrets) for one in value]
    if isinstance(value, dict):
        return {
            key: MASK if not secrets and str(key).encode() in CREDENTIALS else _plain(one, info, stated, secrets)
            for key, one in value.items()
        }
    return spelled(value, info)


def spelled(value: Any, info: FieldInfo) -> Any:
    """A value of a field: `10m`, not 600.0, so that it can stand in a file."""
    if isinstance(value, Jitter):
        return format_jitter(value)
    if isinstance(value, Share):
        return format_share(value)
    if isinstance(value, float):
        return format_duration(value)
    if isinstance(value, int) and not isinstance(value, bool):
        if any(part in Percent.__metadata__ for part in info.metadata):  # type: ignore[attr-defined]  # Annotated
            return f"{value}%"
        if any(part in Size.__metadata__ for part in info.metadata):  # type: ignore[attr-defined]  # Annotated
            return format_size(value)
    if isinstance(value, tuple):
        return [shown(member, stated=True) if isinstance(member, BaseModel) else member for member in value]
    return value


def differences(before: Any, after: Any, path: Path = ()) -> Iterator[tuple[str, Any, Any]]:
    """Where two things shown differ: the path as an operator writes it, and both values; None where there is none."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from differences(before.get(key), after.get(key), (*path, key))
    elif _named(before) and _named(after):
        yield from differences(_by_name(before), _by_name(after), path)
    elif before != after:
        yield dotted(path), before, after


def _named(value: Any) -> bool:
    """A list of mappings that have names of their own, as routes do."""
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) and "name" in v for v in value)


def _by_name(value: list[dict[str, Any]]) -> dict[str, Any]:
    return {str(one["name"]): one for one in value}
