"""Overrides: settings put over those of routes at run time, checked as a whole file is."""

from collections.abc import Mapping
from typing import Any

import orjson
from pydantic import ValidationError

from gateway.config.places import Path, Problem, Source
from gateway.config.presets import merge
from gateway.config.rules import check
from gateway.config.spelling import spell_out
from gateway.config.wording import problems_of
from gateway.model.errors import ConfigError
from gateway.model.settings.file import Settings
from gateway.model.settings.route import RouteSettings

_FIXED = ("name", "preset")

Patch = Mapping[str, Any]
"""What is stated, as it would stand in the file. A key without a value (null) takes away what the file states."""


def overridden(settings: Settings, patches: Mapping[str, Patch]) -> Settings:
    """The settings with patches put over the routes of these names. ConfigError with every problem."""
    if not patches:
        return settings
    source = Source("override")
    places = {route.name: number for number, route in enumerate(settings.routes)}
    problems = [Problem(("routes",), f"no route of the name {name}") for name in patches if name not in places]
    for name, patch in patches.items():
        problems += [
            Problem(("routes", places[name], key), "cannot be overridden: metrics and purges go by the file's")
            for key in _FIXED
            if key in patch and name in places
        ]
    if problems:
        raise ConfigError(source.tell_all(problems))
    # Only what was stated: to a condition, `is: null` and no `is` are two things.
    data = orjson.loads(settings.model_dump_json(by_alias=True, exclude_unset=True))
    for name, patch in patches.items():
        route = _without(data["routes"][places[name]], patch)
        data["routes"][places[name]] = merge(route, spell_out(dict(patch), RouteSettings))
    try:
        made = Settings.model_validate(data, by_alias=True, by_name=False)
    except ValidationError as exc:
        problems = problems_of(exc.errors(include_url=False), data, source)
        raise ConfigError(source.tell_all(problems)) from None
    changed: list[Path] = [("routes", places[name]) for name in patches]
    wrong = [
        Problem(finding.path, finding.text)
        for finding in check(made, source)
        if not finding.warning and finding.rests_on(changed)
    ]
    if wrong:
        raise ConfigError(source.tell_all(wrong))
    return made


def _without(base: Any, patch: Any) -> Any:
    """The base without what the patch takes away."""
    if not isinstance(base, dict) or not isinstance(patch, Mapping):
        return base
    kept = {key: value for key, value in base.items() if key not in patch or patch[key] is not None}
    return {key: _without(value, patch.get(key)) for key, value in kept.items()}
