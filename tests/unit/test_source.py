"""Source: a file or a URL, under what the command line says."""

from pathlib import Path
from typing import Any

import pytest

from gateway.model.errors import ConfigError
from gateway.source import TOKEN, Source

FILE = """
listen: 127.0.0.1:8081
workers: 2
admin: {token: s3cret}
upstreams: {rag: http://127.0.0.1:8000}
routes: [{preset: rag, upstream: rag}]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.yaml"
    path.write_text(FILE)
    return path


def test_file_alone_is_taken_as_it_stands(file: Path) -> None:
    settings = Source(file).load()
    assert (settings.listen, settings.workers, settings.admin.listen) == ("127.0.0.1:8081", 2, "127.0.0.1:9090")


def test_command_line_wins_over_the_file(file: Path) -> None:
    settings = Source(file, listen="127.0.0.1:1234", admin="0.0.0.0:1235", workers=3).load()
    assert (settings.listen, settings.workers) == ("127.0.0.1:1234", 3)
    assert (settings.admin.listen, settings.admin.token) == ("0.0.0.0:1235", "s3cret")


@pytest.mark.parametrize(
    ("stated", "problem"),
    [
        ({"listen": "nowhere"}, "listen: expected host:port"),
        ({"admin": "nowhere"}, "admin.listen: expected host:port"),
        ({"listen": ""}, "listen: expected host:port"),
        ({"admin": ""}, "admin.listen: expected host:port"),
        ({"workers": -1}, "workers: expected at least 0, got -1"),
        ({"workers": 257}, "workers: expected at most 256, got 257"),
        ({"listen": "127.0.0.1:9090"}, "listen: listen (127.0.0.1:9090) and admin.listen (127.0.0.1:9090) are in"),
        ({"admin": "127.0.0.1:8080", "listen": "127.0.0.1:8080"}, "admin.listen: listen (127.0.0.1:8080) and admin"),
    ],
)
def test_command_line_is_checked_like_the_file(file: Path, stated: dict[str, Any], problem: str) -> None:
    for source in (Source(file, **stated), Source(upstream="http://rag:8000", **stated)):
        with pytest.raises(ConfigError) as caught:
            source.load()
        (told,) = caught.value.problems
        assert told.startswith(f"command line: {problem}")


def test_mistakes_of_both_are_told_each_at_its_place(file: Path) -> None:
    file.write_text(FILE.replace("preset: rag", "presett: rag").replace("workers: 2", "workers: many"))
    with pytest.raises(ConfigError) as caught:
        Source(file, listen="x").load()
    assert {told.partition(": ")[0] for told in caught.value.problems} == {f"{file}:3", f"{file}:6", "command line"}


def test_command_line_mends_the_file(file: Path) -> None:
    file.write_text(FILE.replace("listen: 127.0.0.1:8081", "listen: 127.0.0.1:9090"))
    with pytest.raises(ConfigError):
        Source(file).load()
    assert Source(file, admin="off").load().listen == "127.0.0.1:9090"
    file.write_text(FILE.replace("workers: 2", "workers: many"))
    assert Source(file, workers=1).load().workers == 1


def test_url_alone_brings_routes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN, raising=False)
    settings = Source(upstream="http://rag:8000").load()
    assert [upstream.urls for upstream in settings.upstreams.values()] == [("http://rag:8000",)]
    assert any(route.match.path == "/rag" for route in settings.routes)
    with pytest.raises(ConfigError, match="beyond loopback it needs a token"):
        Source(upstream="http://rag:8000", admin="0.0.0.0:9090").load()


def test_token_comes_from_the_environment_where_there_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "s3cret")
    assert Source(upstream="http://rag:8000", admin="0.0.0.0:9090").load().admin.token == "s3cret"


def test_each_load_reads_anew(file: Path) -> None:
    load = Source(file, workers=3).load
    assert load().listen == "127.0.0.1:8081"
    file.write_text(FILE.replace("8081", "8082"))
    assert (load().listen, load().workers) == ("127.0.0.1:8082", 3)


def test_as_many_workers_as_cores_where_nobody_says(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.source.cores", lambda: 5)
    assert Source(None, "http://127.0.0.1:8000").load().workers == 5
    assert Source(file, workers=0).load().workers == 5
    assert Source(file).load().workers == 2


def test_token_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(TOKEN, raising=False)
    monkeypatch.setenv(f"{TOKEN}_FILE", str(tmp_path / "token"))
    source = Source(upstream="http://rag:8000", admin="0.0.0.0:9090")
    with pytest.raises(ConfigError) as caught:
        source.load()
    assert caught.value.problems[0].startswith("command line: admin.token: ")
    (tmp_path / "token").write_text("s3cret\n")
    assert source.load().admin.token == "s3cret"


def test_the_second_tier_may_be_stated(file: Path) -> None:
    for source in (Source(file, l2="redis://redis:6379/1"), Source(upstream="http://rag", l2="redis://redis:6379/1")):
        settings = source.load()
        assert settings.l2 is not None
        assert settings.l2.redis is not None
        assert settings.l2.redis.url == "redis://redis:6379/1"
    assert Source(upstream="http://rag", l2="off").load().l2 is None


def test_only_the_presets_that_are_named() -> None:
    settings = Source(upstream="http://rag", presets=("vllm", "rag")).load()
    assert [route.name for route in settings.routes] == ["vllm", "rag"]
    with pytest.raises(ConfigError, match="did you mean rag"):
        Source(upstream="http://rag", presets=("rga",)).load()
