"""Damage: a file of garbage is damaged; one that is not there is not."""

from pathlib import Path

import lmdb
import pytest

from gateway.link.lmdb_damage import DAMAGED


def test_garbage_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "data.mdb").write_bytes(b"\xff" * 65_536)
    with pytest.raises(DAMAGED):
        lmdb.open(str(tmp_path))


def test_no_folder_is_no_damage(tmp_path: Path) -> None:
    with pytest.raises((lmdb.Error, OSError)) as caught:
        lmdb.open(str(tmp_path / "none" / "there"))
    assert not isinstance(caught.value, DAMAGED)
