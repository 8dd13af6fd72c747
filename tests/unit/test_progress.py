"""Progress: nothing is written where nobody looks, and a bar where somebody does."""

import os
import pty
import subprocess
import sys

CODE = """
from gateway.progress import reading
with reading(10_000_000) as advance:
    for _ in range(100):
        advance(100_000, 5)
print("done")
"""


def test_nothing_is_written_where_standard_error_is_no_terminal() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("done\n", "")


def test_a_terminal_gets_a_bar_with_how_many_were_read() -> None:
    ours, theirs = pty.openpty()
    try:
        environment = os.environ | {"COLUMNS": "120", "TERM": "xterm"}
        subprocess.run([sys.executable, "-c", CODE], stderr=theirs, env=environment, check=True, capture_output=False)
        told = os.read(ours, 1 << 16).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert "reading" in told
    assert "500 read" in told
