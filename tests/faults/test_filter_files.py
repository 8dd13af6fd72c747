"""Filter files that cannot be used: nobody is rejected by them, it is said why, and `check` says it beforehand."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.eventually import eventually
from tests.support.filters import made
from tests.support.gateway import RAG, field, once, post, running, settings
from tests.support.upstream import Asked, ScriptedUpstream, Wire


def empty(file: Path) -> None:
    file.write_bytes(b"")


def of_another_kind(file: Path) -> None:
    made(file, ["term"], kind="vocabulary")


def cut_short(file: Path) -> None:
    file.write_bytes(Path(made(file, ["kb"])).read_bytes()[:-100])


def damaged(file: Path) -> None:
    whole = bytearray(Path(made(file, ["kb"])).read_bytes())
    whole[len(whole) // 2] ^= 1
    file.write_bytes(whole)


def a_list_of_ids(file: Path) -> None:
    file.write_text("kb-1\nkb-2\n" * 1000)


def a_folder(file: Path) -> None:
    file.mkdir()


BROKEN = {
    empty: "an empty file",
    of_another_kind: "vocabulary",
    cut_short: "cut short",
    damaged: "checksum",
    a_list_of_ids: "not a filter of ragfront's",
}


def names(value: object) -> str:
    return getattr(value, "__name__", "")


async def fine(asked: Asked, wire: Wire) -> None:
    await wire.json(b'"fine"')


@pytest.mark.parametrize(("broken", "reason"), [*BROKEN.items(), (a_folder, "directory")], ids=names)
async def test_it_rejects_nobody_until_a_good_one_takes_its_place(
    broken: Callable[[Path], None], reason: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    file = tmp_path / "ids"
    broken(file)
    bloom = {"sample": 0, "known": {"mode": "enforce", "file": str(file), "at": "/kb"}}

    async with ScriptedUpstream(fine) as upstream, running(settings(upstream.url, RAG | {"bloom": bloom})) as gateway:

        async def rejected() -> bool:
            question = {"query": os.urandom(4).hex(), "kb": "unknown"}
            head, _ = await once(gateway.port, post(b"/rag", json.dumps(question).encode()))
            assert head[9:12] in (b"200", b"404")
            return b"detail=bloom-known" in (field(head, b"cache-status") or b"")

        assert not await rejected()
        (said,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
        assert str(file) in said.getMessage()
        assert reason in said.getMessage()
        assert "nothing is rejected by it" in said.getMessage()
        if file.is_dir():
            file.rmdir()
        made(file, ["kb"])
        await eventually(rejected)


@pytest.mark.parametrize(("broken", "reason"), BROKEN.items(), ids=names)
def test_check_names_the_route_the_file_and_the_reason(broken: Callable[[Path], None], reason: str, tmp_path: Path):
    file, config = tmp_path / "ids", tmp_path / "gateway.yaml"
    broken(file)
    known = {"mode": "enforce", "file": str(file), "at": "/kb"}
    route = {"name": "ask", "match": {"method": "POST", "path": "/rag"}, "bloom": {"known": known}}
    config.write_text(json.dumps({"upstreams": {"rag": "http://rag:8000"}, "routes": [route]}))
    command = [sys.executable, "-m", "gateway", "check", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode != 0
    assert f"routes[0].bloom.known.file: {file}" in done.stderr
    assert reason in done.stderr
    assert "Traceback" not in done.stderr
