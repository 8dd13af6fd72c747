"""Cores: how many of them this process may use, in a container too."""

import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def cores(cgroup: Path = CGROUP) -> int:
    """At least 1: those the process may run on, or as many as its CPU quota is worth (rounded up), if that is less.

    cgroup: where the control group's files are: version 2's cpu.max, else version 1's cpu/cpu.cfs_*_us.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _quota(cgroup)
    return allowed if quota is None else max(1, min(allowed, quota))


def _quota(cgroup: Path) -> int | None:
    """The quota in cores; None where there is none, or nobody says."""
    try:
        if (both := cgroup / "cpu.max").exists():
            limit, period = both.read_text().split()
        else:
            limit = (cgroup / "cpu" / "cpu.cfs_quota_us").read_text()
            period = (cgroup / "cpu" / "cpu.cfs_period_us").read_text()
        return -(-int(limit) // int(period)) if int(limit) > 0 else None
    except (OSError, ValueError, ZeroDivisionError):  # "max", or no control group
        return None
