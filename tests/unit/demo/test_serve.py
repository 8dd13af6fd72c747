"""Serve: the command line and its mistakes. That it serves is shown in tests/integration/test_demo_service.py."""

import asyncio
import socket

import pytest

from gateway.demo.options import DemoOptions
from gateway.demo.serve import main, parse_listen, serve


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:8000", ("127.0.0.1", 8000)),
        ("localhost:0", ("localhost", 0)),
        ("[::1]:8000", ("::1", 8000)),
    ],
)
def test_addresses(text: str, expected: tuple[str, int]) -> None:
    assert parse_listen(text) == expected


@pytest.mark.parametrize(
    "text", ["", "8000", ":8000", "localhost", "localhost:", "localhost:x", "localhost:70000", "a:-1"]
)
def test_addresses_that_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected host:port"):
        parse_listen(text)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--slots", "-1"], "--slots"),
        (["--slots", "many"], "whole number"),
        (["--first-token", "quick"], "--first-token"),
        (["--per-token", "15"], "--per-token"),
        (["--listen", "nowhere"], "expected host:port"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_wrong_options_are_named_and_end_with_status_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert said in capsys.readouterr().err


def test_a_port_that_is_taken_is_one_line_and_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["--listen", f"127.0.0.1:{taken.getsockname()[1]}"]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("demo RAG service: ")
    assert told.err.count("\n") == 1


async def test_ready_gets_the_url_and_stop_ends_it() -> None:
    urls: list[str] = []
    stop = asyncio.Event()

    def ready(url: str) -> None:
        urls.append(url)
        stop.set()

    await asyncio.wait_for(serve("127.0.0.1:0", DemoOptions(), stop, ready), 20)
    assert urls[0].startswith("http://127.0.0.1:")
    assert not urls[0].endswith(":0")
