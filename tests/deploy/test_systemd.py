"""The systemd unit: what systemd itself says of it, and how exposed it thinks the service is."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.conftest import path_of

UNIT = Path(__file__).parents[2] / "config/deploy/systemd/ragfront.service"


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """With a program that is there."""
    ragfront = Path(sys.executable).parent / "ragfront"
    text = UNIT.read_text()
    assert text.count("/opt/ragfront/bin/ragfront ") == 2
    file = tmp_path / UNIT.name
    file.write_text(text.replace("/opt/ragfront/bin/ragfront", str(ragfront)))
    return file


def asked(*words: str) -> str:
    done = subprocess.run(
        [path_of("systemd-analyze"), "--no-pager", *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_systemd_has_nothing_to_say(unit: Path) -> None:
    about = [line for line in asked("verify", str(unit)).splitlines() if unit.name in line]
    assert about == []


def test_it_is_hardly_exposed(unit: Path) -> None:
    told = asked("security", "--offline=true", str(unit))
    match = re.search(r"Overall exposure level for ragfront\.service: ([0-9.]+)", told)
    assert match
    assert float(match[1]) <= 1.5
