"""Load: a file, a text or a URL -> Settings, or ConfigError with every problem at once.

`load`, `loads` and `from_upstream` log what is doubtful; `read` and `parse` return it.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from gateway.config.document import MAX_CHARACTERS, read_document
from gateway.config.environment import substitute
from gateway.config.mend import mend
from gateway.config.places import COMMAND_LINE, Path, Problem, Source, overlap
from gateway.config.presets import apply_presets, merge, unasked
from gateway.config.rules import check
from gateway.config.spelling import fill_upstreams, spell_out
from gateway.config.wording import problems_of
from gateway.model.errors import ConfigError
from gateway.model.settings.file import Settings

NOTHING: Mapping[str, Any] = {}
_log = logging.getLogger("ragfront.config")


@dataclass(frozen=True, slots=True)
class Loaded:
    """warnings: one line each, `FILE:LINE: PATH: what; way out`, for settings that run but are rarely meant."""

    settings: Settings
    warnings: tuple[str, ...]


def load(path: str | FilePath, env: Mapping[str, str], over: Mapping[str, Any] = NOTHING) -> Settings:
    """The settings of a file. ConfigError with all problems; warnings are logged.

    over: what the command line states, as it would stand in the file. It wins, key by key.
    """
    return _log_warnings(read(path, env, over))


def loads(text: str, name: str, env: Mapping[str, str]) -> Settings:
    """The settings of a text; `name` stands for the file in problems."""
    return _log_warnings(parse(text, name, env))


def from_upstream(url: str, env: Mapping[str, str], presets: Iterable[str] = (), **overrides: Any) -> Settings:
    """Settings for one service without a file: presets are routes, all else as by default.

    presets: their names; none: all that need no asking for.
    overrides: top-level settings as they stand in a file (`listen="..."`, `admin={"listen": "off"}`); None: not stated.
    """
    stated = {key: value for key, value in overrides.items() if value is not None}
    routes = [{"preset": name} for name in presets or unasked()]
    base = {"upstreams": {"upstream": {"urls": [url]}}, "routes": routes}
    source = Source(COMMAND_LINE, over=frozenset(_paths(stated)))
    return _log_warnings(_build(merge(base, stated), source, env, []))


def read(path: str | FilePath, env: Mapping[str, str], over: Mapping[str, Any] = NOTHING) -> Loaded:
    """As `load`, with the warnings."""
    name = str(path)
    try:
        with open(path, "rb") as file:
            data = file.read(4 * MAX_CHARACTERS + 1)
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        raise ConfigError([Source(name).tell(Problem((), "not UTF-8", line))]) from None
    except (OSError, ValueError) as exc:  # ValueError: a NUL in the path
        reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else "not a file's name"
        raise ConfigError([Source(name).tell(Problem((), reason[0].lower() + reason[1:]))]) from None
    return parse(text, name, env, over)


def parse(text: str, name: str, env: Mapping[str, str], over: Mapping[str, Any] = NOTHING) -> Loaded:
    """As `loads`, with the warnings."""
    source = Source(name, over=frozenset(_paths(over)))
    data, problems = read_document(text, source)
    if isinstance(data, dict):
        data = merge(data, over)
    return _build(data, source, env, problems)


def _build(data: Any, source: Source, env: Mapping[str, str], problems: list[Problem]) -> Loaded:
    """Plain data of one file -> settings. What is broken on the way is told, and the rest is looked at all the same."""
    if not isinstance(data, dict):
        raise ConfigError([source.tell(Problem((), "expected a mapping, with upstreams and routes"))])
    data, unset = substitute(data, env, source)
    # `x-...` is for the operator's own: anchors that are used further down.
    data = {key: value for key, value in data.items() if not key.startswith("x-")}
    data, strangers, unknown = apply_presets(data)
    problems = [*problems, *unset, *strangers]
    broken = [*(problem.path for problem in problems if problem.path), *unknown]

    data = spell_out(fill_upstreams(data), Settings)
    settings, wrong = _validate(data, source)
    problems += _news(wrong, broken)
    broken += [problem.path for problem in wrong]
    if settings is None:
        settings = mend(data, [problem.path for problem in wrong], lambda rest: _validate(rest, source))
    findings = [] if settings is None else [f for f in check(settings, source) if not f.rests_on(broken)]
    problems += [Problem(finding.path, finding.text) for finding in findings if not finding.warning]
    if problems or settings is None:
        raise ConfigError(source.tell_all(problems))
    return Loaded(settings, tuple(source.tell_all(Problem(f.path, f.text) for f in findings)))


def _paths(data: Any, path: Path = ()) -> Iterator[Path]:
    """Of everything in it that is not a mapping itself."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from _paths(value, (*path, key))
    else:
        yield path


def _log_warnings(loaded: Loaded) -> Settings:
    for warning in loaded.warnings:
        _log.warning("%s", warning)
    return loaded.settings


def _validate(data: Any, source: Source) -> tuple[Settings | None, list[Problem]]:
    try:
        return Settings.model_validate(data, by_alias=True, by_name=False), []
    except ValidationError as exc:
        errors = exc.errors(include_url=False)
    return None, problems_of(errors, data, source)


def _news(problems: Iterable[Problem], broken: list[Path]) -> list[Problem]:
    """Those that are not a consequence of what was told before."""
    return [problem for problem in problems if not any(overlap(problem.path, path) for path in broken)]
