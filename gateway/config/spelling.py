"""Spelling: the short forms that operators write -> the long forms that the settings know.

`l2: redis://...`, `l2: off`, `cache: http`, `upstreams: {rag: http://rag:8000}`, `method: POST`; a key without a value
is as if it were not there. Led by the settings' types, so that free JSON values (`is: null`) stay as they were written.
"""

from collections.abc import Callable
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from gateway.config import kinds
from gateway.model.settings.base import Condition
from gateway.model.settings.route import CacheSettings
from gateway.model.settings.tiers import DiskSettings, L2Settings, RedisSettings
from gateway.model.settings.upstream import UpstreamSettings
from gateway.model.units import Jitter, Share

REDIS_SCHEMES = ("redis://", "rediss://", "unix://")


def spell_out(value: Any, kind: Any) -> Any:
    """Raw data of a type -> the same in long form. What does not fit is left for the settings to refuse."""
    kind = kinds.bare(kind)
    if kinds.is_model(kind):
        value = _SHORT.get(kind, _as_written)(value)
        return _members(value, kind) if isinstance(value, dict) else value
    if get_origin(kind) is tuple:
        member = get_args(kind)[0]
        if isinstance(value, list):
            return [spell_out(one, member) for one in value]
        return [spell_out(value, member)] if _stands_for_a_list(value, member) else value
    if get_origin(kind) is dict and isinstance(value, dict):
        member = get_args(kind)[1]
        return {key: spell_out(one, member) for key, one in value.items() if one is not None or member is Any}
    # Pydantic takes `true` for 1, and a float for a duration that was parsed before: as text they are refused.
    if (kind is int and isinstance(value, bool | float)) or (
        kind in (float, Jitter, Share) and isinstance(value, float)
    ):
        return str(value).lower()
    return value


def _stands_for_a_list(value: Any, member: Any) -> bool:
    """One condition, or one scalar. One route does not: a mapping of routes by name would be taken for it."""
    if kinds.is_model(member):
        return issubclass(member, Condition) and isinstance(value, dict)
    return value is not None and not isinstance(value, dict)


def _members(value: dict[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    fields = kinds.fields(model)
    long = {}
    for key, member in value.items():
        field = fields.get(key)
        if field is None:
            long[key] = member
        elif member is not None or field.annotation is Any:
            long[key] = spell_out(member, field.annotation)
    return long


def fill_upstreams(data: dict[str, Any]) -> dict[str, Any]:
    """Routes that name no upstream get the only one; where there are several they are left as they are."""
    upstreams, routes = data.get("upstreams"), data.get("routes")
    if not isinstance(upstreams, dict) or len(upstreams) != 1 or not isinstance(routes, list):
        return data
    only = next(iter(upstreams))
    return data | {"routes": [{"upstream": only} | route if isinstance(route, dict) else route for route in routes]}


def _as_written(value: Any) -> Any:
    return value


def _upstream(value: Any) -> Any:
    return {"urls": value} if isinstance(value, str | list) else value


def _redis(value: Any) -> Any:
    return {"url": value} if isinstance(value, str) else value


def _disk(value: Any) -> Any:
    return {"path": value} if isinstance(value, str) else value


def _l2(value: Any) -> Any:
    if value == "off":
        return None
    if isinstance(value, str) and value.startswith(REDIS_SCHEMES):
        return {"redis": value}
    if isinstance(value, dict) and value.get("disk") is None and value.get("redis") is None:
        return {**value, "disk": {}}
    return value


def _cache(value: Any) -> Any:
    return {"rules": "http"} if value == "http" else value


_SHORT: dict[Any, Callable[[Any], Any]] = {
    UpstreamSettings: _upstream,
    RedisSettings: _redis,
    DiskSettings: _disk,
    L2Settings: _l2,
    CacheSettings: _cache,
}
