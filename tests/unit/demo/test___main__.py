"""`python -m gateway.demo`: the switches are told."""

import subprocess
import sys


def test_help_names_every_switch() -> None:
    shown = subprocess.run([sys.executable, "-m", "gateway.demo", "--help"], capture_output=True, text=True, check=True)
    for switch in ("--listen", "--slots", "--retrieval", "--first-token", "--per-token"):
        assert switch in shown.stdout
    assert shown.stderr == ""
