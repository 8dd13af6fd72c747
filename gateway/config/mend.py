"""Mend: take what is broken out of raw data, so that the rules can look at the rest in the same run."""

import copy
from collections.abc import Callable, Sequence
from typing import Any

from gateway.config.places import Path, Problem, at
from gateway.model.settings.file import Settings

Validate = Callable[[Any], tuple[Settings | None, list[Problem]]]

_NAME = "stand-in"
_UPSTREAM = {"urls": ["http://stand-in.invalid"]}
# For settings that must be there. Findings that rest on them are not told, so any valid value does.
_STAND_INS: dict[str | int, Any] = {
    "name": _NAME,
    "pointer": "",
    "upstream": _NAME,
    "upstreams": {_NAME: _UPSTREAM},
    "url": "redis://stand-in.invalid",
    "urls": _UPSTREAM["urls"],
}


def mend(data: Any, broken: Sequence[Path], validate: Validate) -> Settings | None:
    """Settings of the rest of `data`; None where that has no end (each taking out can break what holds it)."""
    data = copy.deepcopy(data)
    for attempt in range(4):
        for path in broken:
            _take_out(data, path, stand_in=attempt % 2 == 0)
        settings, wrong = validate(data)
        if settings is not None:
            return settings
        broken = [problem.path for problem in wrong]
    return None


def _take_out(data: Any, path: Path, stand_in: bool) -> None:
    """Lists keep their length where paths count their members, as routes do; other lists go whole."""
    if len(path) == 2 and path[0] == "routes":
        substitute: Any = {"name": _NAME, "upstream": _NAME}
    elif len(path) == 2 and path[0] == "upstreams":
        substitute = _UPSTREAM
    elif path and isinstance(path[-1], int):
        _take_out(data, path[:-1], stand_in)
        return
    else:
        substitute = _STAND_INS.get(path[-1]) if path else None
    holder = at(data, path[:-1])
    if isinstance(holder, list) and isinstance(path[-1], int):
        holder[path[-1]] = substitute
    elif isinstance(holder, dict):
        holder.pop(path[-1], None)
        if stand_in and substitute is not None:
            holder[path[-1]] = copy.deepcopy(substitute)
