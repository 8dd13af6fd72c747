"""Reference: docs/configuration.md, made from the settings. Each with its kind, default, limits and meaning.

python -m gateway.config.reference > docs/configuration.md
"""

from collections.abc import Iterator
from types import NoneType
from typing import Any

import orjson
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gateway.config import kinds
from gateway.config.kindnames import Limits, kind_name
from gateway.config.presets import Preset, presets
from gateway.config.shown import spelled
from gateway.model.settings.file import Settings

_OPENING = """\
# Configuration

Made from the settings by `python -m gateway.config.reference > docs/configuration.md`; a test holds it to them.
[config/gateway.yaml](../config/gateway.yaml) is a whole file with the same defaults, to copy from; `ragfront schema`
prints a JSON Schema for editors; `ragfront check FILE` tells every mistake at once, with its line and a way out.

| in a value | is |
|---|---|
| time | `250ms`, `90s`, `10m`, `1h30m`, `1d`, or `0` |
| size | `512KiB`, `64MiB`, `2GB`, or a count of bytes |
| share, percentage | `0.1%`, `10%` |
| JSON Pointer | RFC 6901, such as `/response/docs/0`; a segment `*` stands for every member |
| pattern | a regular expression of Python's `re` |
| `${NAME}`, `${NAME:-default}` | taken from the environment; `$${` for a literal `${` |

Only `true` and `false` are booleans; `off` is text. A key without a value is as if it were not there. Top-level keys
that start with `x-` are yours, for YAML anchors. A list of one may be written without brackets.
"""
_SHORT = {
    "UpstreamSettings": "In short: a URL, or a list of URLs.",
    "CacheSettings": "In short: `http`, for `rules: http`.",
    "L2Settings": "In short: `off`, or a Redis URL.",
    "RedisSettings": "In short: its URL.",
    "DiskSettings": "In short: its path.",
    "RouteSettings": "`preset: NAME` starts from what a known service needs ([presets](#presets)); what the route "
    "states itself is merged over it, key by key.",
}


# Stand in several places: each has a section with a name of its own, at the end.
_SHARED = {
    "Condition": "Conditions",
    "EventCondition": "Conditions on events",
    "StatedAnswer": "Stated answers",
    "StatedEvent": "Events of stated answers",
    "TlsSettings": "TLS",
}


def reference() -> str:
    """The whole page."""
    return "\n".join([_OPENING, *_Sections().all(), *_presets()])


class _Sections:
    """Sections in the order of the file; then those of what stands in several places."""

    def __init__(self) -> None:
        self._titles: dict[type[BaseModel], str] = {Settings: "The whole file"}
        self._last: list[tuple[type[BaseModel], str]] = []

    def all(self) -> Iterator[str]:
        yield from self._section(Settings, "")
        for model, place in self._last:  # grows meanwhile
            yield from self._section(model, place)

    def _section(self, model: type[BaseModel], place: str) -> Iterator[str]:
        yield f"## {self._titles[model]}\n"
        yield f"{_prose(model)}\n"
        yield "| setting | takes | default | limits | meaning |\n|---|---|---|---|---|"
        inner: list[tuple[type[BaseModel], str]] = []
        for name, info in kinds.fields(model).items():
            found = _model_in(info.annotation)
            at = _join(place, name, info.annotation)
            if found is not None and found not in self._titles:
                shared = _SHARED.get(found.__name__)
                self._titles[found] = shared or f"`{at}`"
                (self._last if shared else inner).append((found, at))
            yield self._row(name, info, found)
        yield ""
        for found, at in inner:
            yield from self._section(found, at)

    def _row(self, name: str, info: FieldInfo, found: type[BaseModel] | None) -> str:
        kind, limits = kind_name(info.annotation, info.metadata)
        default = _default(info)
        if found is not None:
            link = f"[{self._titles[found]}](#{anchor(self._titles[found])})"
            kind = f"{kind} of {link}" if kind else link
            if isinstance(info.default, BaseModel):
                default = "as there"
        meaning = info.description or (_prose(found).partition("\n")[0] if found is not None else "")
        return f"| `{name}` | {_cell(kind)} | {_cell(default)} | {_cell(_limits(limits))} | {_cell(meaning)} |"


def anchor(title: str) -> str:
    """What a heading is linked by, as GitHub makes it."""
    kept = "".join(char for char in title.lower() if char.isalnum() or char in " -_")
    return kept.replace(" ", "-")


def _prose(model: type[BaseModel]) -> str:
    text = " ".join((model.__doc__ or "").split())
    short = _SHORT.get(model.__name__)
    return f"{text} {short}" if short else text


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that a field holds, or holds several of."""
    kind = kinds.bare(annotation)
    while not kinds.is_model(kind):
        inner = kinds.members(kind)
        if inner is None:
            return None
        kind = kinds.bare(inner)
    found: type[BaseModel] = kind
    return found


def _join(place: str, name: str, annotation: Any) -> str:
    kind = kinds.bare(annotation)
    several = "" if kinds.is_model(kind) else ".NAME" if getattr(kind, "__origin__", None) is dict else "[]"
    return f"{place}.{name}{several}" if place else f"{name}{several}"


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "needed"
    value = spelled(info.default, info)
    if value is None or isinstance(value, NoneType):
        return "none"
    if isinstance(value, BaseModel):
        return "disk"  # l2, where nothing is stated
    if isinstance(value, str):
        return f"`{value}`" if value else "empty"
    text = orjson.dumps(value).decode()
    return f"`{text}`" if len(text) < 200 else "see the file"


def _limits(limits: Limits) -> str:
    if limits.least is not None and limits.most is not None:
        return f"{limits.least} to {limits.most}"
    if limits.least is not None:
        return f"from {limits.least}" if not limits.least.startswith("over") else limits.least
    return f"to {limits.most}" if limits.most is not None else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ") or "-"


def _presets() -> Iterator[str]:
    yield "## Presets\n"
    yield "Each is a route for a known service. `*`: it counts only where a file names it, since its requests could be"
    yield "another's. What each has met of the real service stands in `verified`.\n"
    yield "| preset | about | endpoints | streams | verified |\n|---|---|---|---|---|"
    yield from map(_preset, presets().values())


def _preset(preset: Preset) -> str:
    endpoints = "<br>".join(f"`{endpoint}`" for endpoint in preset.endpoints)
    name = f"`{preset.name}`{' *' if preset.by_name else ''}"
    cells = (name, _cell(preset.about), _cell(endpoints), "yes" if preset.streams else "-", preset.verified or "no")
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    print(reference())
