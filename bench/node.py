"""Programs of npm, in folders of their own under bench/.work."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from bench.harness import WORK, console

_PATIENCE = 600  # seconds that an installation may take


def package(name: str, version: str) -> Path:
    """The folder of one package with what it depends on; installed at the first call, without running its scripts.

    Ends with one clear line where that cannot be done.
    """
    missing = [program for program in ("node", "npm") if shutil.which(program) is None]
    if missing:
        sys.exit(f"bench: needs {', '.join(missing)}, and this is all that does (on Debian: nodejs npm)")
    home = WORK / f"{name}-npm"
    folder = home / "node_modules" / name
    told = folder / "package.json"
    if told.exists() and json.loads(told.read_text())["version"] == version:
        return folder
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    log = WORK / f"{name}-npm.log"
    npm = ["npm", "install", "--prefix", str(home), "--ignore-scripts", "--no-audit", "--no-fund", f"{name}@{version}"]
    with log.open("wb") as output, console.status(f"{name} {version} is installed; once, a minute at most"):
        try:
            failed = subprocess.run(npm, stdout=output, stderr=output, check=False, timeout=_PATIENCE).returncode != 0
        except subprocess.TimeoutExpired:
            failed = True
    if failed:
        shutil.rmtree(home, ignore_errors=True)
        sys.exit(f"bench: {name} {version} cannot be installed; it takes a package index within reach, see {log}")
    return folder


__all__ = ["package"]
