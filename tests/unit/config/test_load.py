"""From files, texts and a URL to settings."""

import logging
from pathlib import Path

import pytest

from gateway.config.load import from_upstream, load, loads, parse, read
from gateway.config.presets import unasked
from gateway.model.errors import ConfigError
from gateway.model.settings.file import Settings
from gateway.model.settings.tiers import DiskSettings
from gateway.model.settings.upstream import UpstreamSettings

GOOD = "upstreams: {rag: http://rag:8000}\nroutes: [{preset: rag}]\n"


def refused(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    return [problem.replace(str(path), "F") for problem in caught.value.problems]


def test_a_file_becomes_settings(tmp_path: Path) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text(GOOD)
    assert load(path, {}) == load(str(path), {}) == read(path, {}).settings == loads(GOOD, "x", {})


def test_what_the_command_line_states_wins_key_by_key() -> None:
    text = GOOD + "admin: {listen: 127.0.0.1:1, token: t}\nlisten: ${NOT_SET}\n"
    settings = parse(text, "f", {}, {"admin": {"listen": "off"}, "listen": "127.0.0.1:2"}).settings
    assert (settings.admin.listen, settings.admin.token, settings.listen) == ("off", "t", "127.0.0.1:2")
    assert parse(GOOD, "f", {}, {"admin": {"listen": "off"}}).settings.admin.listen == "off"


def test_a_mistake_is_told_where_it_was_made() -> None:
    with pytest.raises(ConfigError) as caught:
        parse(GOOD + "drain: soon\nlisten: a\nlisten: b\n", "f", {}, {"admin": {"listen": "c"}, "workers": -1})
    assert [told.partition(": expected")[0] for told in caught.value.problems] == [
        "command line: workers",
        "command line: admin.listen",
        "f:3: drain",
        "f:5: listen: stated twice, on line 4 and line 5",
    ]


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert load(path, {}).routes[0].name == "rag"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"a: 1\nb: \xff\n", "F:2: not UTF-8"),
        (GOOD.encode("utf-16"), "F:1: not UTF-8"),
        (b"", "F: empty; expected at least upstreams"),
        (b"- a\n", "F:1: expected a mapping, with upstreams and routes"),
        (b"just text", "F:1: expected a mapping, with upstreams and routes"),
        (b"---\n", "F:2: expected a mapping, with upstreams and routes"),
        (b"#" * 3_000_000, "F: larger than 512 KiB"),
        (b"\x1f\x8b\x08", "F:1: not UTF-8"),
    ],
)
def test_a_file_that_is_no_config(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(content)
    assert refused(path) == [problem]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.yaml") == ["F: no such file or directory"]
    assert refused(tmp_path) == ["F: is a directory"]
    with pytest.raises(ConfigError, match="not a file's name"):
        load("a\0b", {})


def test_only_what_was_stated_differs_from_the_defaults() -> None:
    settings = loads("upstreams: {rag: http://rag:8000}", "f", {})
    assert settings == Settings(upstreams={"rag": UpstreamSettings(urls=("http://rag:8000",))})
    assert settings.l2 is not None
    assert settings.l2.disk == DiskSettings()


def test_l2_can_be_off_and_admin_too() -> None:
    settings = loads(GOOD + "l2: off\nadmin: {listen: off}", "f", {})
    assert settings.l2 is None
    assert settings.admin.listen == "off"
    assert loads(GOOD + "l2:\n", "f", {}).l2 is not None


def test_the_example_of_the_design_reads() -> None:
    settings = loads(
        """
        upstreams:
          rag:
            urls: [http://rag:8000]
            timeouts: {connect: 2s, first_byte: 20s, total: 60s}
        l2: redis://redis:6379/0          # absent: embedded, on disk
        routes:
          - name: ask
            match: {method: POST, path: /rag}
            upstream: rag
            key: {body: [/query, /top_k], normalize: {/query: [nfkc, casefold, whitespace]}}
            cache: {ttl: 10m, jitter: 30s, stale_while_revalidate: 1m, stale_if_error: 1h}
            empty: {when: [{pointer: /response/retrieved_docs, is: []}], ttl: 90s}
            tags: ["doc:{/response/retrieved_docs/*/id}"]
          - preset: openai-chat
            upstream: rag
        """,
        "f",
        {},
    )
    assert settings.l2 is not None
    assert settings.l2.redis is not None
    assert settings.l2.redis.url == "redis://redis:6379/0"
    assert [route.name for route in settings.routes] == ["ask", "openai-chat"]
    assert settings.routes[0].cache.jitter.seconds == 30


def test_top_level_keys_of_the_operators_own_hold_anchors() -> None:
    text = "x-cache: &c {ttl: 1h}\n" + GOOD.replace("preset: rag", "preset: rag, cache: {<<: *c, jitter: 5%}")
    assert loads(text, "f", {}).routes[0].cache.ttl == 3600


def test_null_is_a_value_in_a_condition() -> None:
    text = GOOD.replace("preset: rag", "preset: rag, empty: {when: {pointer: /answer, is: null}}")
    assert "is_" in loads(text, "f", {}).routes[0].empty.when[0].model_fields_set


def test_warnings_are_returned_by_read_and_logged_by_load(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "f.yaml"
    path.write_text("upstreams: {rag: http://rag:8000}\n")
    (warning,) = read(path, {}).warnings
    assert not caplog.records
    load(path, {})
    assert [(r.name, r.levelno, r.getMessage()) for r in caplog.records] == [
        ("ragfront.config", logging.WARNING, warning)
    ]


def test_secrets_come_from_the_environment_and_stay_out_of_the_repr() -> None:
    text = GOOD + "l2: {redis: {url: 'redis://u:${P}@r', }}\nadmin: {token: '${T}'}"
    settings = loads(text, "f", {"P": "s3cret", "T": "t0ken"})
    assert settings.l2 is not None
    assert settings.l2.redis is not None
    assert settings.l2.redis.url == "redis://u:s3cret@r"
    assert settings.admin.token == "t0ken"
    assert "s3cret" not in repr(settings)
    assert "t0ken" not in repr(settings)


def test_an_unset_variable_is_one_problem_and_not_two() -> None:
    with pytest.raises(ConfigError) as caught:
        loads("upstreams:\n  rag: ${RAG_URL}\nroutes: [{preset: rag}]", "f", {})
    assert caught.value.problems == [
        "f:2: upstreams.rag: environment variable RAG_URL is not set; set it, or write ${RAG_URL:-default}"
    ]


def test_a_key_that_cannot_be_read_does_not_hide_the_other_problems() -> None:
    with pytest.raises(ConfigError) as caught:
        loads("? [a]\n: 1\nworkers: x\nlisten: y\nupstreams: {rag: !z http://rag}", "f", {})
    assert [problem.split(": ")[:2] for problem in caught.value.problems] == [
        ["f:1", "expected plain text as a key"],
        ["f:3", "workers"],
        ["f:4", "listen"],
        ["f:5", "upstreams.rag"],
    ]


def test_one_url_is_enough() -> None:
    settings = from_upstream("http://127.0.0.1:8000", {})
    assert [route.name for route in settings.routes] == list(unasked())
    assert {route.upstream for route in settings.routes} == set(settings.upstreams)
    assert settings.listen == "127.0.0.1:8080"


def test_flags_override_the_defaults_and_none_does_not() -> None:
    settings = from_upstream(
        "http://r", {"T": "t"}, listen="0.0.0.0:1", workers=None, admin={"listen": "off", "token": "${T}"}
    )
    assert (settings.listen, settings.workers, settings.admin.listen, settings.admin.token) == (
        "0.0.0.0:1",
        0,
        "off",
        "t",
    )


def test_a_wrong_flag_is_told_without_a_line() -> None:
    with pytest.raises(ConfigError) as caught:
        from_upstream("localhost:8000", {}, listen="8080", wrkers=2)
    assert [problem.split(": ")[:2] for problem in caught.value.problems] == [
        ["command line", "upstreams.upstream.urls[0]"],
        ["command line", "wrkers"],
        ["command line", "listen"],
    ]
