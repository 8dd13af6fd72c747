"""Patch: a change of one route's settings at run time (JSON Merge Patch, RFC 7396), validated as a file's would be."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from gateway.config.places import Path, Problem, Source, dotted
from gateway.config.rules import check
from gateway.config.shown import shown
from gateway.config.spelling import spell_out
from gateway.config.wording import problems_of
from gateway.model.errors import ConfigError
from gateway.model.settings.file import Settings
from gateway.model.settings.route import RouteSettings

FIXED = ("name", "match", "upstream")
"""What makes a route that route: metrics, keys and overrides go by it, so a file alone may state it."""


class PatchError(ConfigError):
    """A patch that cannot be. wrong: the path in it, and what was expected there."""

    def __init__(self, wrong: Iterable[tuple[Path, str]]) -> None:
        self.wrong = list(wrong)
        super().__init__([f"{dotted(path)}: {text}" for path, text in self.wrong])


def merge_patch(base: Any, patch: Any) -> Any:
    """RFC 7396: members of `patch` replace those of `base`; null takes them out."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(base) if isinstance(base, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def combined(first: Any, second: Any) -> Any:
    """Two patches, one after the other, as one."""
    if not isinstance(first, Mapping) or not isinstance(second, Mapping):
        return second
    return {**first, **{key: combined(first[key], value) if key in first else value for key, value in second.items()}}


def patched(settings: Settings, route: str, patch: Mapping[str, Any]) -> RouteSettings:
    """The route's settings with the patch over them. PatchError with all that is wrong; LookupError: no such route.

    What is taken out is as if the file did not state it: the default, also where a preset says otherwise.
    """
    index = next((n for n, one in enumerate(settings.routes) if one.name == route), None)
    if index is None:
        raise LookupError(f"no route {route}")
    fixed = [((name,), "cannot be changed at run time") for name in FIXED if name in patch]
    if fixed:
        raise PatchError(fixed)
    stated = shown(settings.routes[index], stated=True, secrets=True)
    data = spell_out(merge_patch(stated, patch), RouteSettings)
    place: Path = ("routes", index)
    source = Source("patch", lines=dict.fromkeys(_paths(patch, place), 1))
    made = _validated(data, place, source)
    routes = (*settings.routes[:index], made, *settings.routes[index + 1 :])
    findings = check(settings.model_copy(update={"routes": routes}), source)
    wrong = [(f.path[2:], f.text) for f in findings if not f.warning and f.path[:2] == place]
    if wrong:
        raise PatchError(wrong)
    return made


def _validated(data: Any, place: Path, source: Source) -> RouteSettings:
    try:
        return RouteSettings.model_validate(data, by_alias=True, by_name=False)
    except ValidationError as exc:
        errors = exc.errors(include_url=False)
    # As they would stand in a file: what is expected at a path is told by the whole file's models.
    for error in errors:
        error["loc"] = ("routes", 0, *error["loc"])
    problems: list[Problem] = problems_of(errors, {"routes": [data]}, source)
    raise PatchError((problem.path[2:], problem.text) for problem in problems)


def _paths(patch: Any, place: Path) -> Iterable[Path]:
    yield place
    if isinstance(patch, Mapping):
        for key, value in patch.items():
            yield from _paths(value, (*place, key))
