"""Options: where the token comes from, and how commands end."""

from pathlib import Path

import pytest
import typer

from gateway.operate.failed import WRONG, Failed
from gateway.operate.options import TOKEN, client, missing, told


def test_the_token_is_the_files_and_else_the_environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "of-environment")
    (tmp_path / "t").write_text("of-file\n")
    assert client("http://h", tmp_path / "t")._token == "of-file"
    assert client("http://h", None)._token == "of-environment"
    monkeypatch.delenv(TOKEN)
    assert client("http://h", None)._token is None


@pytest.mark.parametrize("content", [b"", b"a b", b"\xff", b"a\nb"])
def test_a_file_that_holds_no_token(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(content)
    with pytest.raises(Failed) as caught:
        client("http://h", tmp_path / "t")
    assert caught.value.code == WRONG
    with pytest.raises(Failed):
        client("http://h", tmp_path / "nothing")


def test_failures_are_lines_and_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    def fails() -> None:
        raise Failed(["one", "two"], 3)

    with pytest.raises(typer.Exit) as caught:
        told(fails)()
    assert (caught.value.exit_code, capsys.readouterr().err) == (3, "ragfront: one\nragfront: two\n")


def test_ctrl_c_is_no_traceback() -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(typer.Exit) as caught:
        told(interrupted)()
    assert caught.value.exit_code == 130


def test_who_is_missing() -> None:
    assert missing([{"host": "a", "pid": 7, "id": "x"}]) == ["not confirmed yet: a pid 7 (x)"]
