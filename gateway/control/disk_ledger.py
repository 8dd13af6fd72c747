"""Disk ledger: for the workers of one host. An LMDB environment of its own, and a file for each member.

    <folder>/ledger/         LMDB: version (8 bytes, big-endian) -> row. Written through to the disk: purges are kept
    <folder>/fleet/<member>  its row. Files, since each worker writes its own twice a second: none waits for another

The cache's environment is another one: what is full or damaged there must not take the ledger along. One that is
damaged is set aside, and begun anew: then everything that is stored counts as purged.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import lmdb

from gateway.control.store import Page, Row
from gateway.link.lmdb_damage import DAMAGED
from gateway.model.errors import StoreUnavailable

T = TypeVar("T")

_log = logging.getLogger("ragfront.control")

_LOOK_SECONDS = 0.05
_SECONDS = 5.0
_MAP = 256 << 20


class DiskLedger:
    """One process's hold on it. folder: made where it is missing."""

    name = "disk"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._env: lmdb.Environment | None = None
        self._inode = 0
        self._closed = False
        # One thread: a write waits for the disk, and for other processes, and the event loop must not.
        self._thread = ThreadPoolExecutor(1, "ledger")

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SECONDS):
                await asyncio.wrap_future(self._thread.submit(self._give_back))
        self._thread.shutdown(wait=False)

    async def read(self, after: int) -> Page:
        return await self._do(lambda: self._read(after))

    async def append(self, known: int, rows: Sequence[Row]) -> bool:
        return await self._do(lambda: self._write(known, rows, anew=False))

    async def rewrite(self, known: int, rows: Sequence[Row]) -> bool:
        return await self._do(lambda: self._write(known, rows, anew=True))

    async def changed(self, after: int) -> None:
        """Looks on the spot: that takes 10 us, a thread would take 100."""
        for _ in range(int(1 / _LOOK_SECONDS)):
            await asyncio.sleep(_LOOK_SECONDS)
            env = self._env
            if env is None:
                raise StoreUnavailable(f"{self._folder}: not open")
            try:
                with env.begin() as txn:
                    if _newest(txn) != after:
                        return
            except lmdb.Error as exc:
                raise StoreUnavailable(f"{self._folder}: {exc}") from exc

    async def members(self) -> Mapping[str, bytes]:
        return await self._do(self._members)

    async def enroll(self, name: str, row: bytes, *, anew: bool = True) -> None:
        await self._do(lambda: self._enroll(name, row, anew=anew))

    async def dismiss(self, name: str) -> None:
        await self._do(lambda: self._file(name).unlink(missing_ok=True))

    async def _do(self, work: Callable[[], T]) -> T:
        """In the thread; StoreUnavailable for whatever goes wrong in it."""
        if self._closed:
            raise StoreUnavailable(f"{self._folder}: closed")
        try:
            async with asyncio.timeout(_SECONDS):
                return await asyncio.wrap_future(self._thread.submit(work))
        except TimeoutError as exc:
            raise StoreUnavailable(f"{self._folder}: took over {_SECONDS:g} s") from exc
        except (OSError, ValueError, lmdb.Error) as exc:
            raise StoreUnavailable(f"{self._folder}: {exc}") from exc

    def _read(self, after: int) -> Page:
        with self._opened().begin() as txn, txn.cursor() as cursor:
            rows = []
            if cursor.set_range(_key(after + 1)):
                rows = [Row(int.from_bytes(key, "big"), bytes(data)) for key, data in cursor]
            return Page(_newest(txn), rows)

    def _write(self, known: int, rows: Sequence[Row], *, anew: bool) -> bool:
        with self._opened().begin(write=True) as txn:
            if _newest(txn) != known:
                return False
            if anew:
                txn.drop(self._opened().open_db(txn=txn), delete=False)
            for row in rows:
                txn.put(_key(row.version), row.data, append=True)
        return True

    def _opened(self) -> lmdb.Environment:
        """The environment; one that another process has set aside meanwhile is left."""
        folder = self._folder / "ledger"
        if self._env is not None and _inode(folder) == self._inode:
            return self._env
        self._give_back()
        (self._folder / "fleet").mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            self._env = _open(folder)
        except DAMAGED as exc:
            aside = self._folder / f"damaged-{os.getpid()}"
            folder.rename(aside)
            _log.warning("ledger disk: %s is set aside as %s, and begun anew: %s", folder, aside, exc)
            self._env = _open(folder)
        self._inode = _inode(folder)
        return self._env

    def _give_back(self) -> None:
        if self._env is not None:
            self._env.close()
            self._env = None

    def _members(self) -> dict[str, bytes]:
        self._opened()
        found = {}
        for file in (self._folder / "fleet").iterdir():
            if not file.name.startswith("."):
                with contextlib.suppress(FileNotFoundError):
                    found[file.name] = file.read_bytes()
        return found

    def _enroll(self, name: str, row: bytes, *, anew: bool) -> None:
        self._opened()
        file = self._file(name)
        if not anew and file.exists():
            return
        fresh = file.with_name(f".{name}-{os.getpid()}")
        fresh.write_bytes(row)
        if anew:
            fresh.replace(file)
            return
        with contextlib.suppress(FileExistsError):
            file.hardlink_to(fresh)
        fresh.unlink()

    def _file(self, name: str) -> Path:
        if not name.isalnum():
            raise ValueError(f"no member's name: {name}")
        return self._folder / "fleet" / name


def _open(folder: Path) -> lmdb.Environment:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    env = lmdb.open(str(folder), map_size=_MAP, max_readers=1024, readahead=False, mode=0o600)
    env.reader_check()
    return env


def _inode(folder: Path) -> int:
    try:
        return (folder / "data.mdb").stat().st_ino
    except OSError:
        return 0


def _newest(txn: "lmdb.Transaction[bytes]") -> int:
    with txn.cursor() as cursor:
        return int.from_bytes(cursor.key(), "big") if cursor.last() else 0


def _key(version: int) -> bytes:
    return version.to_bytes(8, "big")
