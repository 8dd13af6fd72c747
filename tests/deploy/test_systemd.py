"""The systemd unit: what systemd says of it, how exposed it thinks the service is, and that ragfront can live so."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.conftest import path_of
from tests.support.eventually import eventually
from tests.support.gateway import once, post
from tests.support.process import serving
from tests.support.upstream import Asked, ScriptedUpstream, Wire

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


def stated(name: str) -> list[str]:
    return re.findall(rf"(?m)^{name}=(.*)$", UNIT.read_text())


def members(group: str) -> set[str]:
    """The system calls of a group such as @system-service."""
    words = {line.strip() for line in asked("syscall-filter", group).splitlines()[1:]}
    calls = {word for word in words if word and word[0] not in "#@"}
    return calls.union(*(members(word) for word in words if word.startswith("@")))


def permitted() -> set[str]:
    """As the unit's filters say, one after the other."""
    found: set[str] = set()
    for line in stated("SystemCallFilter"):
        calls = set[str]().union(*(members(group) for group in line.removeprefix("~").split()))
        found = found - calls if line.startswith("~") else found | calls
    return found


async def answer(asked: Asked, wire: Wire) -> None:
    await wire.json(b'{"response": {"retrieved_docs": [{"id": 1}]}}')


async def test_it_does_nothing_that_the_unit_forbids(tmp_path: Path) -> None:
    """Two workers, a miss, a hit, the disk, figures, and a stop: each system call that they make is among those."""
    path_of("strace")
    trace = tmp_path / "trace"
    program = ("tests.support.traced", str(trace))
    l2 = f'{{disk: {{path: "{tmp_path}/l2"}}}}'
    async with ScriptedUpstream(answer) as upstream:
        async with serving(tmp_path, upstream.url, l2, workers=2, program=program) as gateway:
            for _ in range(2):
                await once(gateway.port, post(b"/rag", b'{"query": "a"}', b"Connection: close"))
            await once(gateway.admin, b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    await eventually(lambda: "exited with 0" in trace.read_text().splitlines()[-1])
    text = trace.read_text()
    used = set(re.findall(r"(?m)^\d+ +([a-z_0-9]+)\(", text))
    assert {"clone", "clone3", "vfork", "fork"} & used  # the workers are in it
    assert used - permitted() == set()
    assert "PROT_WRITE|PROT_EXEC" not in text  # MemoryDenyWriteExecute
    (families,) = stated("RestrictAddressFamilies")
    assert set(re.findall(r" socket\((AF_\w+)", text)) <= set(families.split())
