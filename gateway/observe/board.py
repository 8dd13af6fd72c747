"""Board: what each worker of a gateway tells of itself, in a file of its own where all of them find it."""

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path


class Board:
    """One worker's side. folder: where all workers' figures are; None: there are no others."""

    def __init__(self, worker: int, workers: int, folder: Path | None) -> None:
        self._worker = worker
        self._workers = workers
        self._folder = folder if workers > 1 else None

    @classmethod
    def of(cls, worker: int, workers: int) -> "Board":
        """Beside what Prometheus is told (observe/metrics)."""
        figures = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        return cls(worker, workers, Path(figures) if figures else None)

    @property
    def alone(self) -> bool:
        """Whether nobody reads it."""
        return self._folder is None

    def put(self, said: bytes) -> None:
        """Say this from now on. OSError."""
        if self._folder is not None:
            fresh = self._folder / f".worker-{self._worker}"
            fresh.write_bytes(said)
            fresh.replace(self._file(self._folder, self._worker))

    def others(self, within: float, clock: Callable[[], float] = time.time) -> list[bytes]:
        """What the others have said within so many seconds, by their numbers. clock: Unix seconds."""
        found = []
        for worker in range(self._workers):
            if self._folder is None or worker == self._worker:
                continue
            file = self._file(self._folder, worker)
            with contextlib.suppress(FileNotFoundError):
                if clock() - file.stat().st_mtime <= within:
                    found.append(file.read_bytes())
        return found

    @staticmethod
    def _file(folder: Path, worker: int) -> Path:
        return folder / f"worker-{worker}.json"
