"""Cores: affinity, and the quota of a container."""

import os
from pathlib import Path

import pytest

from gateway import cores as module
from gateway.cores import cores


@pytest.fixture(autouse=True)
def eight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.os, "sched_getaffinity", lambda _: set(range(8)), raising=False)


@pytest.mark.parametrize(
    ("limit", "expected"),
    [("max 100000", 8), ("50000 100000", 1), ("150000 100000", 2), ("200000 100000", 2), ("9900000 100000", 8),
     ("nonsense", 8), ("1 0", 8), ("", 8)],
)  # fmt: skip
def test_version_2(tmp_path: Path, limit: str, expected: int) -> None:
    (tmp_path / "cpu.max").write_text(limit + "\n")
    assert cores(tmp_path) == expected


@pytest.mark.parametrize(("quota", "expected"), [("-1", 8), ("300000", 3)])
def test_version_1(tmp_path: Path, quota: str, expected: int) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text(quota)
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000")
    assert cores(tmp_path) == expected


def test_without_control_groups(tmp_path: Path) -> None:
    assert cores(tmp_path) == 8


def test_where_the_system_knows_no_affinity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(module.os, "sched_getaffinity")
    assert cores(tmp_path) == os.cpu_count()
