"""Build: records to a filter, in bounded memory. What would overfill it is refused; nothing is left half done."""

import math
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import orjson

from gateway.guard.distinct import Distinct
from gateway.guard.filterfile import Filter, FilterError, Kind
from gateway.guard.records import Record
from gateway.policy.evidence import as_id, strings
from gateway.policy.vocabulary import terms

_ROOM = 1.05  # over the estimate of what there is: six standard errors of it
_LEAST = 1_000

Progress = Callable[[int, int], None]
"""Told of bytes and of texts, read since the last time."""


@dataclass(slots=True)
class Read:
    """texts: ids or terms, repeated ones included. skipped: records without one."""

    texts: int = 0
    skipped: int = 0


def build(
    records: Callable[[], Iterator[Record]],
    kind: Kind,
    error_rate: float,
    capacity: int | None,
    *,
    again: bool,
    progress: Progress = lambda _bytes, _texts: None,
) -> tuple[Filter, Read]:
    """A filter of all records.

    capacity: None: as many as there are. again: the records can be read twice; else they are kept in a temporary
    file meanwhile where the capacity is not stated. FilterError where there is nothing, Overfull where there is more.
    """
    read = Read()
    if capacity is not None:
        return _filled(_texts(records(), kind, read, progress), kind, error_rate, capacity), read
    count = Distinct()
    if again:
        for text in _texts(records(), kind, read, progress):
            count.add(text)
        texts = _texts(records(), kind, Read(), progress)
        return _filled(texts, kind, error_rate, _capacity(count)), read
    with tempfile.TemporaryFile(prefix="ragfront-bloom-") as spool:
        for text in _texts(records(), kind, read, progress):
            count.add(text)
            spool.write(orjson.dumps(text) + b"\n")
        spool.seek(0)
        texts = (orjson.loads(line) for line in spool)
        return _filled(texts, kind, error_rate, _capacity(count)), read


def _capacity(count: Distinct) -> int:
    return max(_LEAST, math.ceil(count.estimate() * _ROOM))


def _filled(texts: Iterable[str], kind: Kind, error_rate: float, capacity: int) -> Filter:
    try:
        filter = Filter(kind, capacity, error_rate)
    except (MemoryError, OverflowError):
        raise FilterError(f"there is not enough memory for a capacity of {capacity:,}") from None
    for text in texts:
        filter.add(text)
    if not len(filter):
        raise FilterError("nothing to put in: a filter that holds nothing would reject every request")
    return filter


def _texts(records: Iterator[Record], kind: Kind, read: Read, progress: Progress) -> Iterator[str]:
    for values, size in records:
        before = read.texts
        for value in values:
            if kind == "known":
                text = as_id(value)
                if text is None or not _encodable(text):
                    read.skipped += 1
                    continue
                read.texts += 1
                yield text
            elif value is None:
                read.skipped += 1
            else:
                for each in strings(value):
                    for term in terms(each):
                        read.texts += 1
                        yield term
        progress(size, read.texts - before)


def _encodable(text: str) -> bool:
    """Half of a surrogate pair cannot be asked for, either."""
    return not any("\ud800" <= char <= "\udfff" for char in text) if not text.isascii() else True
