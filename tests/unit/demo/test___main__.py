"""`python -m gateway.demo`: the switches are told."""

import subprocess
import sys


def test_help_names_every_switch() -> None:
    shown = subprocess.run([sys.executable, "-m", "gateway.demo", "--help"], capture_output=True, text=True, check=True)
    for switch in ("--listen", "--slots", "--retrieval", "--first-token", "--per-token"):
        assert switch in shown.stdout
    assert shown.stderr == ""


def test_without_its_library_one_line_says_what_to_install() -> None:
    code = "import sys; sys.modules['bm25s'] = None; from gateway.demo.__main__ import run; sys.exit(run())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "pip install 'ragfront[demo]'" in done.stderr
