"""Disk ledger: kept over processes, set aside where it is damaged, away where there is no such folder."""

import logging
from pathlib import Path

import pytest

from gateway.control.disk_ledger import DiskLedger
from gateway.control.store import Row
from gateway.model.errors import StoreUnavailable


async def test_it_outlives_the_process(tmp_path: Path):
    first = DiskLedger(tmp_path / "control")
    assert await first.append(0, [Row(7, b"a")])
    await first.enroll("m1", b"member")
    await first.close()
    second = DiskLedger(tmp_path / "control")
    assert (await second.read(0)).rows == [Row(7, b"a")]
    assert await second.members() == {"m1": b"member"}
    await second.close()


async def test_a_damaged_file_is_set_aside_and_begun_anew(tmp_path: Path, caplog):
    folder = tmp_path / "control" / "ledger"
    folder.mkdir(parents=True)
    (folder / "data.mdb").write_bytes(b"\xff" * 65536)
    ledger = DiskLedger(tmp_path / "control")
    with caplog.at_level(logging.WARNING):
        assert (await ledger.read(0)).newest == 0
    assert "set aside" in caplog.text
    assert await ledger.append(0, [Row(7, b"a")])
    await ledger.close()


async def test_a_file_that_another_has_set_aside_is_left(tmp_path: Path):
    ledger = DiskLedger(tmp_path / "control")
    assert await ledger.append(0, [Row(7, b"a")])
    (tmp_path / "control" / "ledger").rename(tmp_path / "aside")
    assert (await ledger.read(0)).newest == 0
    await ledger.close()


async def test_without_a_folder_it_is_away_and_comes_back(tmp_path: Path):
    (tmp_path / "control").write_text("a file")
    ledger = DiskLedger(tmp_path / "control")
    with pytest.raises(StoreUnavailable):
        await ledger.read(0)
    with pytest.raises(StoreUnavailable):
        await ledger.changed(0)
    (tmp_path / "control").unlink()
    assert (await ledger.read(0)).newest == 0
    await ledger.close()


async def test_a_member_has_a_name_that_is_no_path(tmp_path: Path):
    ledger = DiskLedger(tmp_path / "control")
    with pytest.raises(StoreUnavailable, match="no member's name"):
        await ledger.enroll("../x", b"")
    await ledger.close()
