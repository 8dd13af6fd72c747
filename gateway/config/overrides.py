"""Overrides: settings put over those of routes at run time, in the file's spelling, and checked as a whole file is."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson
from pydantic import ValidationError

from gateway.config.places import Path, Problem, Source, dotted
from gateway.config.presets import merge
from gateway.config.rules import check
from gateway.config.spelling import spell_out
from gateway.config.wording import problems_of
from gateway.model.errors import ConfigError
from gateway.model.settings.file import Settings
from gateway.model.settings.route import RouteSettings

_FIXED = ("name", "preset")

FIXED = ("name", "match", "upstream")
"""What makes a route that route: metrics, keys and overrides go by it, so a client of the admin API leaves it alone."""

Patch = Mapping[str, Any]
"""What is stated, as it would stand in the file. A key without a value (null) takes away what the file states."""


class PatchError(ConfigError):
    """A patch that cannot be. wrong: the path in it, and what was expected there."""

    def __init__(self, wrong: Iterable[tuple[Path, str]]) -> None:
        self.wrong = list(wrong)
        super().__init__([f"{dotted(path)}: {text}" for path, text in self.wrong])


class _Refused(Exception):
    """What is wrong, by its path in the settings. Stays in this file."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__()
        self.problems = problems


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
    try:
        if problems:
            raise _Refused(problems)
        return _made(settings, {places[name]: patch for name, patch in patches.items()}, source)
    except _Refused as refused:
        raise ConfigError(source.tell_all(refused.problems)) from None


def patched(settings: Settings, route: str, patch: Patch) -> RouteSettings:
    """One route's settings with a patch over them. PatchError with all that is wrong; LookupError: no such route.

    What is taken out is as if the file did not state it: the default, also where a preset says otherwise.
    """
    index = next((n for n, one in enumerate(settings.routes) if one.name == route), None)
    if index is None:
        raise LookupError(f"no route {route}")
    fixed = [((name,), "cannot be changed at run time") for name in FIXED if name in patch]
    if fixed:
        raise PatchError(fixed)
    written = Source("patch", lines=dict.fromkeys(_paths(patch, "routes", index), 1))  # not a preset's, nor a default
    try:
        return _made(settings, {index: patch}, written).routes[index]
    except _Refused as refused:
        raise PatchError((problem.path[2:], problem.text) for problem in refused.problems) from None


def laid_over(base: Any, patch: Any, spelled: Any) -> Any:
    """Raw settings with a patch over them. spelled: the patch in long form, without what it takes away."""
    return merge(_without(base, patch), spelled)


def _made(settings: Settings, patches: Mapping[int, Patch], source: Source) -> Settings:
    """The settings with patches over the routes of these numbers. _Refused."""
    # Only what was stated: to a condition, `is: null` and no `is` are two things.
    data = orjson.loads(settings.model_dump_json(by_alias=True, exclude_unset=True))
    for number, patch in patches.items():
        data["routes"][number] = laid_over(data["routes"][number], patch, spell_out(dict(patch), RouteSettings))
    try:
        made = Settings.model_validate(data, by_alias=True, by_name=False)
    except ValidationError as exc:
        raise _Refused(problems_of(exc.errors(include_url=False), data, source)) from None
    changed: list[Path] = [("routes", number) for number in patches]
    wrong = [
        Problem(finding.path, finding.text)
        for finding in check(made, source)
        if not finding.warning and finding.rests_on(changed)
    ]
    if wrong:
        raise _Refused(wrong)
    return made


def _paths(patch: Any, *place: str | int) -> Iterator[Path]:
    """The place of the patch, and of all that it states."""
    yield place
    if isinstance(patch, Mapping):
        for key, value in patch.items():
            yield from _paths(value, *place, key)


def _without(base: Any, patch: Any) -> Any:
    """The base without what the patch takes away."""
    if not isinstance(base, dict) or not isinstance(patch, Mapping):
        return base
    kept = {key: value for key, value in base.items() if key not in patch or patch[key] is not None}
    return {key: _without(value, patch.get(key)) for key, value in kept.items()}
