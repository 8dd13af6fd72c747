"""Presets: what a known service needs of its route. One file in `presets/` is one preset, found by its name.

A route says `preset: openai-chat` and states only what differs: mappings are merged key by key, everything else is
replaced, and a key without a value takes the preset's away. Without a file, all those are matched at once whose
requests can be told from other services'.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from gateway.config.document import read_document
from gateway.config.places import Path, Problem, Source, suggest

# Without a file, in this order: what states more about its requests comes before what states less.
_ORDER = (
    "rag", "dify", "ragflow", "fastgpt", "flowise", "anythingllm", "lightrag", "r2r", "langgraph",
    "azure-openai", "openai-chat", "openai-embeddings", "openai-responses", "ollama", "llamaindex", "tei",
    "chroma", "qdrant", "weaviate", "milvus",
    "langserve",  # */stream would take LightRAG's and LangGraph's
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Preset:
    """verified: what the preset has met, as a sentence; None where it has only met the service's documentation.

    by_name: why it is not among those that are matched without a file; None where it is.
    """

    name: str
    about: str
    verified: str | None
    by_name: str | None
    route: Mapping[str, Any]

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Such as `POST /v1/embeddings`."""
        match = self.route["match"]
        paths = match["path"] if isinstance(match["path"], list) else [match["path"]]
        return tuple(f"{match['method']} {path}" for path in paths)

    @property
    def streams(self) -> bool:
        """Whether it knows the service's streams."""
        return "stream" in self.route


@functools.cache
def presets() -> Mapping[str, Preset]:
    """All packaged presets by name, in alphabetical order."""
    files = (resources.files("gateway.config") / "presets").iterdir()
    names = sorted(file.name.removesuffix(".yaml") for file in files if file.name.endswith(".yaml"))
    return {name: _read(name) for name in names}


def unasked() -> tuple[str, ...]:
    """The presets that are matched where there is no file, in the order in which they are tried."""
    return tuple(name for name in _ORDER if presets()[name].by_name is None)


def _read(name: str) -> Preset:
    text = (resources.files("gateway.config") / "presets" / f"{name}.yaml").read_text("utf-8")
    data, _ = read_document(text, Source(f"{name}.yaml"))
    return Preset(name, data["about"], data["verified"], data["by_name"], {"name": name} | data["route"])


def apply_presets(data: dict[str, Any]) -> tuple[dict[str, Any], list[Problem], list[Path]]:
    """The file's data -> the same without `preset`, what is wrong, and the paths that are unknown because of it."""
    problems: list[Problem] = []
    broken: list[Path] = []
    if not isinstance(data.get("routes"), list):
        return data, problems, broken
    routes = []
    for index, route in enumerate(data["routes"]):
        if isinstance(route, dict) and "preset" in route:
            own = {key: value for key, value in route.items() if key != "preset"}
            wanted, path = route["preset"], ("routes", index, "preset")
            if isinstance(wanted, str) and wanted in presets():
                own = merge(presets()[wanted].route, own)
            elif wanted is not None:
                problems.append(Problem(path, _unknown(wanted)))
                broken += [("routes", index, key) for key in ("name", "match") if key not in own]
            route = own
        routes.append(route)
    return data | {"routes": routes}, problems, broken


def merge(base: Any, over: Any) -> Any:
    """`over` wins; where both are mappings, key by key."""
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return over
    return {**base, **{key: merge(base[key], value) if key in base else value for key, value in over.items()}}


def _unknown(wanted: Any) -> str:
    return f"expected one of {', '.join(presets())}" + (suggest(wanted, presets()) if isinstance(wanted, str) else "")
