"""The package as a user has it: the wheel in a fresh virtual environment, with what it asks for and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway import __version__

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(300)


def done(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("RAGFRONT_", "PYTHON"))}
    return subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, timeout=240, check=False)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a venv, into which the wheel was installed."""
    folder = tmp_path_factory.mktemp("installed")
    built = done(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=ROOT)
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("*.whl")
    assert done(sys.executable, "-m", "venv", "venv", cwd=folder).returncode == 0
    pip = done("venv/bin/pip", "install", "--quiet", str(wheel), cwd=folder)
    assert pip.returncode == 0, pip.stderr
    return folder


def test_it_runs_and_brings_its_presets(installed: Path) -> None:
    assert done("venv/bin/ragfront", "--version", cwd=installed).stdout == f"ragfront {__version__}\n"
    assert "openai-chat" in done("venv/bin/ragfront", "presets", cwd=installed).stdout
    checked = done("venv/bin/ragfront", "check", str(ROOT / "config/gateway.yaml"), cwd=installed)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_what_it_asks_for_fits_together_and_is_little(installed: Path) -> None:
    assert done("venv/bin/pip", "check", cwd=installed).returncode == 0
    for module in ("numpy", "bm25s", "pytest"):
        assert done("venv/bin/python", "-c", f"import {module}", cwd=installed).returncode == 1


def test_without_the_extra_the_demo_says_what_to_install(installed: Path) -> None:
    told = done("venv/bin/ragfront", "demo", cwd=installed)
    assert (told.returncode, told.stderr.count("\n")) == (1, 1)
    assert "pip install 'ragfront[demo]'" in told.stderr


def test_others_see_its_types(installed: Path) -> None:
    assert list(installed.glob("venv/lib/*/site-packages/gateway/py.typed"))
