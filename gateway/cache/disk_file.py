"""The embedded tier's file: opened by several processes, verified after an unclean end, set aside where it is no good.

    <folder>/guard   each process holds a shared lock on it while it has the file open
    <folder>/dirty   stands while the file is open; what it finds there, the next first opener has to verify
    <folder>/live/   LMDB's data.mdb and lock.mdb
    <folder>/aside/  the last live/ that could not be used, for whoever wants to know why

LMDB maps the file and believes what is in it: a damaged page can end the process. A process that was killed leaves
nothing damaged, a host that lost its power may (nothing is synced on a write), and so what was not closed is walked,
by a process of its own that parses bytes and maps nothing. Processes must share a host and a PID namespace.
"""

import contextlib
import fcntl
import logging
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import lmdb

from gateway.link.lmdb_damage import DAMAGED
from gateway.model.errors import StoreUnavailable

log = logging.getLogger("ragfront.cache")

FORMAT = b"ragfront-cache/1"

_VERIFY = "import sys; from lmdb.verify import verify; sys.exit(bool(verify(sys.argv[1])))"
_VERIFY_SECONDS = 10.0
_VERIFY_BYTES_PER_SECOND = 32 << 20
"""A sixth of what one core of 2024 walks."""

_MAX_READERS = 1024


class Foreign(Exception):
    """The file is sound, and not ours or of another format."""


class Tables(NamedTuple):
    """Handles of what is in the file. values: key -> expiry, record. expiry: expiry, key -> nothing. leases."""

    values: "lmdb._Database"
    expiry: "lmdb._Database"
    leases: "lmdb._Database"


class DiskFile:
    """One process's hold on the file. Open while it lives; StoreUnavailable where it cannot be opened."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._live = folder / "live"
        self._dirty = folder / "dirty"
        self._folder = folder
        self._max_bytes = max_bytes
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._guard = os.open(folder / "guard", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except (OSError, ValueError) as exc:
            raise StoreUnavailable(f"{folder}: {exc}") from exc
        try:
            self.env, self.tables = self._open()
        except BaseException:
            os.close(self._guard)
            raise
        self._inode = self._data_inode()

    @property
    def alone(self) -> bool:
        """Whether no other process has had the file open since this one opened it, alone. Costs one fstat()."""
        return self._opened_alone and os.fstat(self._guard).st_mtime_ns == self._opened_at

    def close(self) -> None:
        """Gives the file back; the last one to do so leaves it clean, with all of it on disk."""
        with contextlib.suppress(lmdb.Error, OSError):
            fcntl.flock(self._guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.env.sync(True)
            self._dirty.unlink(missing_ok=True)
        self.env.close()
        os.close(self._guard)

    def abandon(self, why: Exception) -> None:
        """Closes a file that cannot be gone on with. A damaged one is set aside, unless another process has done so."""
        self.env.close()
        try:
            if isinstance(why, DAMAGED) and not self.replaced():
                self._set_aside(why)
        finally:
            os.close(self._guard)

    def replaced(self) -> bool:
        """Whether another process has set the file aside: those who still have it open see none of what is new."""
        return self._data_inode() != self._inode

    def _open(self) -> tuple[lmdb.Environment, Tables]:
        alone = self._opened_alone = self._lock()
        self._opened_at = time.time_ns()
        os.utime(self._guard, ns=(self._opened_at, self._opened_at))  # whoever thinks to be alone hears of us
        try:
            if alone and self._dirty.exists() and not self._sound():
                self._set_aside(Foreign("it was not closed, and it is damaged"))
            self._mark_dirty()
            try:
                return self._open_live()
            except (*DAMAGED, Foreign) as exc:
                self._set_aside(exc)
                return self._open_live()
        except (OSError, lmdb.Error, Foreign) as exc:
            raise StoreUnavailable(f"{self._live}: {exc}") from exc
        finally:
            if alone:
                fcntl.flock(self._guard, fcntl.LOCK_SH)

    def _lock(self) -> bool:
        """Takes the guard; whether nobody else has the file open. Waits while another process verifies it."""
        try:
            fcntl.flock(self._guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fcntl.flock(self._guard, fcntl.LOCK_SH)
            return False
        return True

    def _open_live(self) -> tuple[lmdb.Environment, Tables]:
        self._live.mkdir(exist_ok=True)
        # Without sync a killed process loses nothing (the kernel has the pages); without writemap a stray pointer of
        # ours cannot damage the file.
        env = lmdb.open(
            str(self._live),
            map_size=self._max_bytes,
            max_dbs=4,
            max_readers=_MAX_READERS,
            max_spare_txns=2,
            sync=False,
            metasync=False,
            readahead=False,
            meminit=False,
            mode=0o600,
        )
        try:
            env.reader_check()
            with env.begin(write=True) as txn:
                return env, _tables(env, txn)
        except BaseException:
            env.close()
            raise

    def _sound(self) -> bool:
        data = self._live / "data.mdb"
        if not data.exists():
            return True
        seconds = _VERIFY_SECONDS + data.stat().st_size / _VERIFY_BYTES_PER_SECOND
        try:
            walk = subprocess.run(
                [sys.executable, "-P", "-c", _VERIFY, str(data)], capture_output=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            return False
        return walk.returncode == 0

    def _set_aside(self, why: Exception) -> None:
        aside = self._folder / "aside"
        shutil.rmtree(aside, ignore_errors=True)
        self._live.rename(aside)
        log.warning("L2 disk: %s is set aside as %s, and begun anew: %s", self._live, aside, why)

    def _mark_dirty(self) -> None:
        for path, flags in ((self._dirty, os.O_WRONLY | os.O_CREAT), (self._folder, os.O_RDONLY)):
            handle = os.open(path, flags, 0o600)
            os.fsync(handle)
            os.close(handle)

    def _data_inode(self) -> int:
        try:
            return (self._live / "data.mdb").stat().st_ino
        except OSError:
            return 0


def _tables(env: lmdb.Environment, txn: "lmdb.Transaction[bytes]") -> Tables:
    """Opens the tables, or makes them in an empty file. Foreign where the file holds something else."""
    mark = txn.get(b"format")
    if mark != FORMAT:
        if mark is not None or txn.stat()["entries"]:
            raise Foreign("another program or another version wrote it")
        txn.put(b"format", FORMAT)
    return Tables(*(env.open_db(name.encode(), txn=txn) for name in Tables._fields))
