"""What an operator copies: the commented default shows every setting with its default, and the examples are good."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from gateway.config import kinds
from gateway.config.document import read_document
from gateway.config.load import from_upstream, read
from gateway.config.places import Path as Keys
from gateway.config.places import Source
from gateway.config.spelling import spell_out
from gateway.model.settings.file import Settings
from gateway.model.settings.route import RouteSettings
from gateway.model.settings.tiers import L2Settings, RedisSettings
from gateway.model.settings.upstream import UpstreamSettings

CONFIG = Path(__file__).parents[3] / "config"
DEFAULT = CONFIG / "gateway.yaml"
# Named by what the default file must state to be of use: a service, and a route that is the preset `rag` written out.
STATED = {
    ("urls",), ("url",), ("name",), ("upstream",), ("match", "method"), ("match", "path"), ("key", "normalize"),
    ("cache", "store_unless"), ("empty", "when"), ("tags",),
    ("shape", "query"), ("shape", "answer"), ("shape", "documents"),
    ("bloom", "known", "file"), ("bloom", "known", "at"), ("bloom", "vocabulary", "file"),
    ("degrade", "docs", "request", "path"),
}  # fmt: skip


def uncommented() -> dict[str, Any]:
    """The file with the settings that are commented out (`#redis:`) taken in."""
    text = re.sub(r"(?m)^( *)#(?=[a-z]|  [a-z])", r"\1", DEFAULT.read_text())
    data, problems = read_document(text, Source("gateway.yaml"))
    assert problems == []
    assert isinstance(data, dict)
    return data


def leaves(model: type[BaseModel], path: Keys = ()) -> list[tuple[Keys, Any]]:
    """Path and default of each setting below a model; lists and mappings of models are settings."""
    found = []
    for name, info in kinds.fields(model).items():
        kind = kinds.bare(info.annotation)
        if kinds.is_model(kind):
            found += leaves(kind, (*path, name))
        else:
            found.append(((*path, name), info.get_default()))
    return found


@pytest.mark.parametrize(
    ("model", "at"),
    [(Settings, ()), (UpstreamSettings, ("upstreams", "rag")), (RouteSettings, ("routes", 0))],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_every_setting_is_shown_with_its_default(model: type[BaseModel], at: tuple[Any, ...]) -> None:
    shown: Any = uncommented()
    for part in at:
        shown = shown[part]
    shown = {key: value for key, value in shown.items() if key != "routes"}  # looked at by themselves
    read_as: Any = model.model_validate(spell_out(shown, model), by_alias=True, by_name=False)
    for path, default in leaves(model):
        if path in (("upstreams",), ("routes",)):
            continue
        node, value = shown, read_as
        for part in path:
            assert part in node, f"{path} is not shown"
            node, value = node[part], getattr(value, str(part))
        if path not in STATED and path != ("l2", "redis", "url"):
            assert value == default, path


def test_the_first_route_is_the_preset_rag_written_out() -> None:
    settings = read(DEFAULT, {}).settings
    (rag,) = (route for route in from_upstream("http://x", {}).routes if route.name == "rag")
    assert settings.routes[0].model_copy(update={"name": "rag", "upstream": rag.upstream}) == rag


def test_the_default_file_runs_as_it_is() -> None:
    result = read(DEFAULT, {})
    assert result.warnings == ()
    assert result.settings.upstreams["rag"].urls == ("http://127.0.0.1:8000",)
    assert [route.name for route in result.settings.routes] == ["ask", "openai-chat", "openai-embeddings"]
    rest = {name for name in Settings.model_fields if name not in ("upstreams", "routes")}
    bare = from_upstream("http://127.0.0.1:8000", {})
    assert all(getattr(result.settings, name) == getattr(bare, name) for name in rest)


def test_every_setting_has_a_comment() -> None:
    for number, line in enumerate(DEFAULT.read_text().splitlines(), 1):
        setting = re.fullmatch(r" *(- )?#? *[a-z_]+: *(\S.*)", line)
        if setting and not line.lstrip().startswith("# "):
            assert " # " in line, f"line {number}: {line}"


def test_the_redis_that_is_commented_out_shows_the_defaults() -> None:
    shown = uncommented()["l2"]["redis"]
    stated = RedisSettings.model_validate(spell_out(shown, RedisSettings))
    assert set(shown) == set(kinds.fields(RedisSettings))
    assert stated == RedisSettings(url=stated.url)
    assert set(uncommented()["l2"]) == set(kinds.fields(L2Settings))


EXAMPLES = sorted((CONFIG / "examples").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_examples_are_good_and_without_doubts(path: Path) -> None:
    result = read(path, {"REDIS_PASSWORD": "secret"})
    assert result.warnings == ()
    assert result.settings.routes


def test_there_are_examples() -> None:
    assert {path.stem for path in EXAMPLES} >= {"rag-redis", "two-tenants", "vllm-openai"}
