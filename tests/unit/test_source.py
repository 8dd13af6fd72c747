"""Source: a file or a URL, under what the command line says."""

import pickle
from pathlib import Path

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
        ({"listen": "127.0.0.1:9090"}, "admin.listen"),
    ],
)
def test_command_line_is_checked_like_the_file(file: Path, stated: dict[str, str], problem: str) -> None:
    for source in (Source(file, **stated), Source(upstream="http://rag:8000", **stated)):
        with pytest.raises(ConfigError) as caught:
            source.load()
        assert problem in str(caught.value)
        assert "command line" in str(caught.value)


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


def test_each_load_reads_anew_also_in_another_process(file: Path) -> None:
    load = pickle.loads(pickle.dumps(Source(file, workers=3).load))
    assert load().listen == "127.0.0.1:8081"
    file.write_text(FILE.replace("8081", "8082"))
    assert (load().listen, load().workers) == ("127.0.0.1:8082", 3)
