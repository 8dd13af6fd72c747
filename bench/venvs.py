"""Programs in venvs of their own: what they need must not come into ours."""

import shutil
import subprocess
import sys
from pathlib import Path

from bench.harness import WORK, console

_PATIENCE = 900  # seconds that an installation may take


def venv(name: str, requirement: str) -> Path:
    """The folder of programs of a venv that holds `requirement` (pinned: "locust==2.47.0"); made at the first call.

    Ends with one clear line where that fails.
    """
    home = WORK / f"{name}-venv"
    stamp = home / "installed"
    if stamp.exists() and stamp.read_text() == requirement:
        return home / "bin"
    shutil.rmtree(home, ignore_errors=True)
    WORK.mkdir(exist_ok=True)
    log = WORK / f"{name}-venv.log"
    pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", requirement]
    with log.open("wb") as output:
        for said, command in (("makes its venv", [sys.executable, "-m", "venv", str(home)]), ("is installed", pip)):
            with console.status(f"{requirement} {said}; once, some minutes at most"):
                try:
                    done = subprocess.run(command, stdout=output, stderr=output, check=False, timeout=_PATIENCE)
                    failed = done.returncode != 0
                except subprocess.TimeoutExpired:
                    failed = True
            if failed:
                sys.exit(f"bench: {requirement} cannot be installed; it takes a package index within reach, see {log}")
    stamp.write_text(requirement)
    return home / "bin"


__all__ = ["venv"]
