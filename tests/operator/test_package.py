"""The package: it builds clean, carries all that it needs, and works where it is installed."""

import os
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from gateway import __version__

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with wheel and sdist."""
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, "warning" in done.stderr.lower()) == (0, False), done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (found,) = built.glob("*.whl")
    return found


def ours() -> set[str]:
    """Every file of the package, by its path from the root."""
    files = (path for path in (ROOT / "gateway").rglob("*") if path.is_file())
    return {str(path.relative_to(ROOT)) for path in files if "__pycache__" not in path.parts}


def test_the_wheel_holds_the_whole_package_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    held = {name for name in names if not name.startswith(f"ragfront-{__version__}.dist-info/")}
    assert held == ours()
    assert {"gateway/py.typed", "gateway/config/presets/rag.yaml", "gateway/demo/questions.txt"} <= held


def test_it_says_what_it_is_and_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        told = Parser().parsestr(archive.read(f"ragfront-{__version__}.dist-info/METADATA").decode())
        assert any(name.endswith("LICENSE") for name in archive.namelist())
    assert (told["Name"], told["Version"], told["Requires-Python"]) == ("ragfront", __version__, ">=3.11")
    core = [needed for needed in told.get_all("Requires-Dist", []) if "extra ==" not in needed]
    assert not any(needed.startswith(("bm25s", "numpy")) for needed in core)
    assert "# ragfront" in str(told.get_payload())


def test_the_sdist_builds_the_same_package(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert ours() <= names
    assert {"pyproject.toml", "LICENSE", "README.md", "config/gateway.yaml"} <= names
    assert not [name for name in names if "__pycache__" in name or name.startswith(".venv")]


def test_it_works_where_it_is_installed(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    env = {key: value for key, value in os.environ.items() if not key.startswith("RAGFRONT_")}
    for typed, told in {
        "--version": f"ragfront {__version__}",
        "presets": "openai-chat",
        "schema": '"title": "ragfront"',
    }.items():
        done = subprocess.run(
            [sys.executable, "-m", "gateway", typed],
            cwd=tmp_path, env=env | {"PYTHONPATH": str(site)}, capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        assert (done.returncode, told in done.stdout, done.stderr) == (0, True, "")
    code = "import gateway; from gateway.demo.questions import questions; print(gateway.__file__, len(questions()))"
    where = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env | {"PYTHONPATH": str(site)}, capture_output=True,
        text=True, timeout=30, check=True,
    ).stdout  # fmt: skip
    assert where.startswith(str(site))
