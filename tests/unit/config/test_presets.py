"""Presets: found in the package, good by themselves, overridden field by field."""

from importlib import resources

import pytest

from gateway.config.load import from_upstream
from gateway.config.presets import apply_presets, merge, presets, unasked
from gateway.model.settings.route import CacheSettings, RouteSettings
from gateway.policy.document import parse
from gateway.policy.items import ItemKind, Listed, form_of
from gateway.policy.parts import PartForm
from tests.support.config_text import loaded, problems


def route(text: str) -> RouteSettings:
    return loaded(text).settings.routes[0]


def test_each_file_of_the_package_is_a_preset() -> None:
    files = (resources.files("gateway.config") / "presets").iterdir()
    assert sorted(f"{name}.yaml" for name in presets()) == sorted(file.name for file in files)
    assert {"rag", "openai-chat", "openai-embeddings"} <= set(presets())


@pytest.mark.parametrize("name", presets())
def test_a_preset_is_a_good_route_without_doubts_and_says_what_it_has_met(name: str) -> None:
    result = loaded(f"routes: [{{preset: {name}}}]")
    assert result.warnings == ()
    assert result.settings.routes[0].name == name
    assert presets()[name].about
    text = (resources.files("gateway.config") / "presets" / f"{name}.yaml").read_text()
    assert "\nverified: " in text
    assert ("# Verified: no" in text) is (presets()[name].verified is None)
    assert "# Verified: " in text
    assert len(presets()[name].about) <= 60  # for the table


def test_rag_has_what_the_service_needs() -> None:
    rag = route("routes: [{preset: rag}]")
    assert rag.match.path == "/rag"
    assert rag.key.normalize == {"/query": ("nfkc", "whitespace")}
    assert rag.empty.when[0].is_ == []
    assert rag.tags == ("doc:{/response/retrieved_docs/*/id}",)


def test_chat_keeps_in_the_key_what_changes_the_stream() -> None:
    chat = route("routes: [{preset: openai-chat}]")
    assert "/stream_options" not in chat.key.ignore
    assert chat.key.defaults["/stream"] is False


def test_mappings_are_merged_and_all_else_is_replaced() -> None:
    chat = route(
        "routes: [{preset: openai-chat, name: c, match: {path: /x}, key: {ignore: [/user], defaults: {/n: 2}}}]"
    )
    assert chat.name == "c"
    assert (chat.match.method, chat.match.path) == (("POST",), "/x")
    assert chat.key.ignore == ("/user",)
    assert chat.key.defaults["/n"] == 2
    assert chat.key.defaults["/stream"] is False
    assert chat.cache.store_unless


def test_a_key_without_a_value_takes_the_presets_away() -> None:
    assert route("routes: [{preset: rag, empty: , key: {normalize: {/query: }}}]").empty.when == ()
    assert route("routes: [{preset: rag, key: {normalize: {/query: }}}]").key.normalize == {}


def test_merging_changes_neither_side() -> None:
    base = {"a": {"b": 1, "c": [1]}}
    over = {"a": {"b": 2}}
    assert merge(base, over) == {"a": {"b": 2, "c": [1]}}
    assert base == {"a": {"b": 1, "c": [1]}}
    assert merge({"a": {"b": 1}}, {"a": 3}) == {"a": 3}


def test_an_unknown_preset_is_told_with_the_known_ones() -> None:
    found = problems("routes:\n- preset: openai-chatt")
    assert found == [f"2: routes[0].preset: expected one of {', '.join(presets())}; did you mean openai-chat?"]
    assert problems("routes:\n- preset: [rag]") == [f"2: routes[0].preset: expected one of {', '.join(presets())}"]


def test_the_same_preset_twice_needs_a_name() -> None:
    found = problems("routes:\n- preset: rag\n- preset: rag\n  match: {path: /b}")
    assert found == [
        "3: routes[1].name: the name of routes[0], too; expected one of its own, since metrics and purges go by it"
    ]


def test_data_without_routes_passes() -> None:
    assert apply_presets({"routes": 3}) == ({"routes": 3}, [], [])


def test_no_preset_stands_in_anothers_way() -> None:
    result = loaded("routes: [" + ", ".join(f"{{preset: {name}}}" for name in unasked()) + "]")
    assert [route.name for route in result.settings.routes] == list(unasked())
    assert result.warnings == ()


def test_a_preset_is_matched_without_a_file_or_says_why_not() -> None:
    assert set(unasked()) == {name for name, preset in presets().items() if preset.by_name is None}
    assert {name for name in presets() if name not in unasked()} == {"hayhooks", "txtai", "vllm"}


@pytest.mark.parametrize("name", presets())
def test_a_preset_drops_at_least_the_fields_that_are_dropped_anyway(name: str) -> None:
    always = set(CacheSettings().replay_without)
    assert always <= set(route(f"routes: [{{preset: {name}}}]").cache.replay_without)


@pytest.mark.parametrize("name", presets())
def test_a_preset_that_streams_says_how_a_stream_ends_and_fails(name: str) -> None:
    stream = presets()[name].route.get("stream")
    assert stream is None or {"terminal", "error"} <= set(stream)


def test_those_with_batches_read_what_their_services_send() -> None:
    routes = {route.name: route for route in from_upstream("http://x", {}).routes}
    for name, asked, answered in (
        (
            "openai-embeddings",
            b'{"input":["a","b"]}',
            b'{"object":"list","data":[{"index":0},{"index":1}],"model":"m"}',
        ),
        ("tei", b'{"inputs":["a","b"]}', b"[[1],[2]]"),
        ("ollama", b'{"model":"m","input":["a","b"]}', b'{"model":"m","embeddings":[[1],[2]],"prompt_eval_count":2}'),
    ):
        batch = routes[name].batch
        form, parts = form_of(batch), PartForm(batch)
        assert form is not None
        assert form.read(parse(asked)) == Listed(ItemKind.TEXT, ["a", "b"])
        apart = parts.apart(answered, [1, 1])
        assert apart is not None
        assert parts.together(apart) == answered
    langserve = PartForm(routes["langserve"].batch)
    assert langserve.apart(b'{"output":[1,2],"metadata":{}}', [1, 1]) == [b'{"output":1}', b'{"output":2}']
