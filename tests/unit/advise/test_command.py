"""The command: what is typed, what is printed, how it ends."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.advise.test_picture import QUESTIONS
from tests.unit.test_cli import ROOT, ragfront


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "questions.jsonl"
    path.write_text(QUESTIONS)
    return path


def test_figures_and_a_configuration_are_printed(log: Path) -> None:
    done = ragfront("advise", str(log))
    assert (done.returncode, done.stderr) == (0, "")
    assert "500 lines (jsonl): 500 questions" in done.stdout
    assert "\nupstreams:\n" in done.stdout


def test_what_is_written_passes_check(log: Path, tmp_path: Path) -> None:
    done = ragfront("advise", str(log), "--write", str(tmp_path / "gateway.yaml"))
    assert done.returncode == 0
    assert "upstreams:" not in done.stdout
    checked = ragfront("check", str(tmp_path / "gateway.yaml"))
    assert (checked.returncode, checked.stderr) == (0, "")


def test_json_for_programs(log: Path) -> None:
    told = json.loads(ragfront("advise", str(log), "--json", "--longest", "1m").stdout)
    assert told["proposal"]["ttl"] == 60
    assert told["forecast"]["questions"] == 500
    assert told["forecast"]["sizes"][-1] is None


def test_logs_that_are_not_in_order_are_told_of(log: Path) -> None:
    told = ragfront("advise", str(log), str(log)).stdout
    assert "439 questions stand over a minute after later ones" in told


def test_standard_input(log: Path) -> None:
    command = [sys.executable, "-m", "gateway", "advise", "-"]
    done = subprocess.run(command, input=log.read_bytes(), capture_output=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"500 questions" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere.log"], "nowhere.log: No such file or directory"),
        (["LOG", "--longest", "soon"], "--longest: expected a duration"),
        (["LOG", "--answer-size", "big"], "--answer-size: expected a size"),
        (["LOG", "--time", "at"], "at: expected a JSON Pointer"),
        (["LOG", "--write", "/nowhere/x"], "/nowhere/x: No such file or directory"),
        (["/dev/null"], "/dev/null: empty"),
    ],
)
def test_mistakes_are_a_line_and_exit_code_2(log: Path, arguments: list[str], told: str) -> None:
    done = ragfront("advise", *(str(log) if argument == "LOG" else argument for argument in arguments))
    assert done.returncode == 2
    assert done.stderr.startswith(f"ragfront: {told}")
    assert done.stderr.count("\n") == 1
