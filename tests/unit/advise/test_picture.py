"""Picture: a PNG, or what is missing for one."""

import subprocess
import sys
from pathlib import Path

import pytest

from gateway.advise.picture import PictureError, need
from tests.unit.test_cli import ragfront

QUESTIONS = "".join(f'{{"time": {second}, "query": "q{second % 7}", "bytes": 900}}\n' for second in range(500))


def test_a_png_is_made(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(QUESTIONS)
    done = ragfront("advise", str(tmp_path / "log"), "--png", str(tmp_path / "a.png"), HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG\r\n")


def test_a_picture_that_cannot_be_kept_is_said(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(QUESTIONS)
    done = ragfront("advise", str(tmp_path / "log"), "--png", str(tmp_path / "no" / "a.png"), HOME=str(tmp_path))
    assert (done.returncode, done.stderr) == (2, f"ragfront: {tmp_path}/no/a.png: No such file or directory\n")


def test_without_matplotlib_it_is_said_before_the_log_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(PictureError, match=r"pip install 'ragfront\[advise\]'"):
        need()
    code = (
        "import sys; sys.modules['matplotlib'] = None; sys.argv = ['ragfront', 'advise', 'no-such-log', '--png', 'x'];"
        "from gateway.__main__ import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        2,
        "ragfront: --png needs matplotlib: pip install 'ragfront[advise]'\n",
    )
