"""Progress: a bar on standard error while something long is read; nothing where nobody looks."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_STEP = 1 << 16  # bytes: an update of the bar costs more than a line


@contextmanager
def reading(size: int | None) -> Iterator[Callable[[int, int], None]]:
    """Gives what is to be told of bytes and of things read since the last time. size: None where it is not known."""
    if not sys.stderr.isatty():
        yield lambda _bytes, _count: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = [TextColumn("{task.description}"), BarColumn(), DownloadColumn()]
    ends = (TimeRemainingColumn() if size else TimeElapsedColumn(), TextColumn("{task.fields[texts]:,} read"))
    with Progress(*columns, *ends, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=size, texts=0)
        count = waiting = 0

        def advance(size: int, texts: int) -> None:
            nonlocal count, waiting
            count += texts
            waiting += size
            if waiting > _STEP:
                bar.update(task, advance=waiting, texts=count)
                waiting = 0

        yield advance
