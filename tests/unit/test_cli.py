"""Command line: what is typed, what is printed, how it ends."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gateway import __version__
from tests.support.turns import turn

ROOT = Path(__file__).parents[2]
GOOD = "upstreams: {rag: http://127.0.0.1:8000}\nroutes: [{name: ask, upstream: rag, match: {path: /rag}}]\n"
BAD = "upstreams: {rag: http://127.0.0.1:8000}\nroutes: [{name: ask, upstream: rug, cache: {tll: 5m}}]\nworkers: many\n"


def ragfront(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("RAGFRONT_")} | environment | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_version() -> None:
    done = ragfront("--version")
    assert (done.returncode, done.stdout) == (0, f"ragfront {__version__}\n")


def test_help_tells_commands_and_exit_codes() -> None:
    for arguments in (["--help"], ["serve", "--help"]):
        told = " ".join(ragfront(*arguments).stdout.split())
        assert "0 stopped as asked; 2 the configuration or the command line is wrong; 3 an address" in told
    for command in ("serve", "check", "presets", "schema", "bloom", "advise", "demo"):
        assert f"\n  {command} " in ragfront("--help").stdout


def test_schema_is_json_alone() -> None:
    done = ragfront("schema")
    assert done.returncode == 0
    assert json.loads(done.stdout)["title"] == "ragfront"


def test_presets_are_listed_with_what_they_have_met() -> None:
    done = ragfront("presets")
    assert done.returncode == 0
    lines = {line.split()[0]: " ".join(line.split()) for line in done.stdout.splitlines() if line.strip()}
    assert lines["rag"].startswith("rag a plain RAG service")
    assert "/v1/chat/completions yes" in lines["openai-chat"]
    assert "/v1/embeddings - no" in lines["openai-embeddings"]
    assert lines["txtai"].startswith("txtai * txtai's searches GET /search - no")
    assert "txtai: GET /search may be anything's" in done.stdout


def test_good_file_is_shown_as_a_table(tmp_path: Path) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text(GOOD)
    done = ragfront("check", str(file))
    assert done.returncode == 0
    assert "ask" in done.stdout
    assert "/rag" in done.stdout


def test_a_routes_tags_are_shown(tmp_path: Path) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text(GOOD.replace("}}]", "}, tags: ['kb:{/kb}']}]"))
    done = ragfront("check", str(file))
    assert (done.returncode, done.stderr) == (0, "")
    assert "kb:{/kb}" in done.stdout


def test_what_is_doubtful_is_told_beside_the_table(tmp_path: Path) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text("upstreams: {rag: http://127.0.0.1:8000}\n")
    done = ragfront("check", str(file))
    assert done.returncode == 0
    assert (
        done.stderr
        == f"ragfront: warning: {file}:1: routes: none: everything is streamed through and nothing is cached\n"
    )
    assert "all else" in done.stdout


def test_every_mistake_of_a_bad_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text(BAD)
    for command in (("check",), ("serve", "--config")):
        done = ragfront(*command, str(file))
        assert done.returncode == 2
        assert done.stdout == ""
        lines = done.stderr.splitlines()
        assert all(line.startswith(f"ragfront: {file}:") for line in lines)
        for place in ("routes[0].upstream", "routes[0].cache.tll", "workers"):
            assert place in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["serve"], "ragfront: serve needs either --config FILE or --upstream URL"),
        (["serve", "--config", "x", "--upstream", "http://rag"], "either --config FILE or --upstream URL"),
        (["serve", "--config", "no-such-file"], "no-such-file: no such file or directory"),
        (["serve", "--upstream", "rag:8000"], "expected a URL such as http://rag:8000"),
        (["serve", "--upstream", ""], "either --config FILE or --upstream URL"),
        (["serve", "--upstream", "http://rag", "--listen", "x"], "listen: expected host:port"),
        (["serve", "--upstream", "http://rag", "--workers", "-1"], "greater than or equal to 0"),
        (["serve", "--upstream", "http://rag", "--workers", "many"], "--workers"),
        (["check"], "FILE"),
        (["check", "."], "is a directory"),
        (["sevre"], "sevre"),
        (["serve", "--frob"], "--frob"),
    ],
)
def test_mistakes_are_told_without_a_traceback(arguments: list[str], told: str) -> None:
    done = ragfront(*arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_upstream_may_come_from_the_environment() -> None:
    assert "expected a URL such as" in ragfront("serve", RAGFRONT_UPSTREAM="rag").stderr


def test_what_is_not_typed_comes_from_the_environment() -> None:
    for name, told in {
        "CONFIG": "ragfront: nowhere: no such file or directory",
        "LISTEN": "command line: listen: expected host:port",
        "ADMIN_LISTEN": "command line: admin.listen: expected host:port",
        "WORKERS": "env var: 'RAGFRONT_WORKERS'",
        "L2": "command line: l2",
        "PRESETS": "command line: routes[0].preset: expected one of",
    }.items():
        done = ragfront("serve", **{"RAGFRONT_UPSTREAM": "http://rag", f"RAGFRONT_{name}": "nowhere"})
        assert (done.returncode, told in done.stderr) == (2, True), (name, done.stderr)


def test_what_is_typed_wins_over_the_environments_file() -> None:
    done = ragfront("serve", "--upstream", "rag", RAGFRONT_CONFIG="no-such-file")
    assert "expected a URL such as" in done.stderr
    done = ragfront("serve", "--config", "x", "--preset", "rag")
    assert done.stderr == "ragfront: --preset goes with --upstream; in a file, a route says `preset: NAME`\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_complete(shell: str) -> None:
    done = ragfront(_RAGFRONT_COMPLETE=f"source_{shell}")
    assert (done.returncode, done.stderr) == (0, "")
    assert "ragfront" in done.stdout


def test_bash_completes_commands() -> None:
    done = ragfront(_RAGFRONT_COMPLETE="complete_bash", COMP_WORDS="ragfront po", COMP_CWORD="1")
    assert done.stdout.split() == ["policy"]


def test_file_on_the_command_line_wins_over_the_environment() -> None:
    done = ragfront("serve", "--config", "no-such-file", RAGFRONT_UPSTREAM="http://rag:8000")
    assert done.stderr == "ragfront: no-such-file: no such file or directory\n"


@pytest.mark.parametrize("needs", ["rich", "redis", "numpy", "bm25s", "gateway.demo", "gateway.config.schema"])
def test_serve_starts_without_what_other_commands_need(needs: str) -> None:
    code = f"import sys, gateway.cli, gateway.app; sys.exit({needs!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=30, check=False).returncode == 0


@pytest.mark.timeout(240)
@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("option", ["--listen", "--admin"])
def test_address_in_use_is_one_line(option: str, workers: str) -> None:
    # It tries the usual ports, which a demo may just be taking.
    with turn("usual-ports"), socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        rest = ["--admin", "off"] if option == "--listen" else []
        done = ragfront("serve", "--upstream", "http://rag", option, address, "--workers", workers, *rest)
    assert done.returncode == 3
    told = f"cannot listen on {address}: something else listens there already; {option} names another address"
    assert done.stderr == f"ragfront: {told}\n"


def test_interrupted_while_its_libraries_load_it_ends_without_a_traceback() -> None:
    code = """
import sys
class Interrupting:
    def find_spec(self, name, *_):
        if name == "typer":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupting())
from gateway.__main__ import main
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, cwd=ROOT, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
