"""Turns: tests in several processes that cannot do a thing at one time."""

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def turn(name: str) -> Iterator[None]:
    """Waits until nobody else on this machine has the turn of this name."""
    with (Path(tempfile.gettempdir()) / f"ragfront-tests-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
