"""Read: logs -> a forecast, line by line, with what could not be read counted and told."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import orjson

from gateway.advise.formats import QUESTIONS, TIMES, Format, Place, Question, Reader, jsonl, nginx, ragfront
from gateway.advise.lines import LogError, lines
from gateway.policy.forecast import Forecaster

ENTRY = 600
"""Bytes of an entry beside its body (bench/results/memory.md)."""

NO_BODIES = (
    "the combined format does not say what a POST asks; have nginx write lines of JSON:\n"
    "  log_format questions escape=json\n"
    '    \'{"time":"$msec","question":"$request_body","bytes":"$body_bytes_sent","status":"$status"}\';'
)
_LOOKED_AT = 20  # lines, of which one has to be of a known format
_PLACES = 1000


@dataclass(slots=True)
class Tally:
    """What was read. bad: lines that are none of the format. passed: those about something else than a question.

    sized: questions whose answer's size the log tells. seconds, timed: of upstream calls, in all.
    """

    format: Format = Format.AUTO
    lines: int = 0
    bad: int = 0
    first_bad: str = ""
    passed: int = 0
    sized: int = 0
    seconds: float = 0.0
    timed: int = 0
    places: Counter[Place] = field(default_factory=Counter)

    @property
    def mean_seconds(self) -> float | None:
        """What an upstream call took; None where the log does not say so."""
        return self.seconds / self.timed if self.timed else None

    def add(self, question: Question) -> None:
        """One was read."""
        if question.seconds >= 0:
            self.seconds += question.seconds
            self.timed += 1
        if question.place in self.places or len(self.places) < _PLACES:
            self.places[question.place] += 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to read. time, question: JSON Pointers. size: bytes of an answer where the log does not tell."""

    format: Format = Format.AUTO
    time: str | None = None
    question: str | None = None
    route: str | None = None
    size: int = 4096


def read(names: Sequence[str], wanted: Wanted, forecaster: Forecaster, advance: Callable[[int, int], None]) -> Tally:
    """All of the logs, in their order, put to the forecaster. LogError where there is nothing to go by."""
    tally = Tally()
    for name in names:
        found = lines(name)
        head = list(islice(found, _LOOKED_AT))
        if not any(line.strip() for line, _ in head):
            continue
        tally.format, reader = _reader([line for line, _ in head], wanted, name)
        for source in (head, found):
            for line, size in source:
                tally.lines += 1
                advance(size, 1)
                _take(line, name, reader, wanted, forecaster, tally)
    if not tally.lines:
        raise LogError(f"{', '.join(names)}: empty")
    if not forecaster.questions:
        raise LogError(_nothing(tally, wanted))
    return tally


def _take(line: bytes, name: str, reader: Reader, wanted: Wanted, forecaster: Forecaster, tally: Tally) -> None:
    try:
        question = reader(line)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        if line.strip():
            tally.bad += 1
            tally.first_bad = tally.first_bad or f"{name}:{tally.lines}"
        return
    if question is None or (wanted.route is not None and question.place.route != wanted.route):
        tally.passed += 1
        return
    tally.sized += question.size >= 0
    size = question.size if question.size >= 0 else wanted.size
    forecaster.ask(question.key, question.time, size + ENTRY, question.kept)
    tally.add(question)


def _reader(head: list[bytes], wanted: Wanted, name: str) -> tuple[Format, Reader]:
    """The format that is stated, or the first that one of a log's first lines is in."""
    records = [record for line in head if isinstance(record := _json(line), dict)]
    stated = wanted.format
    if stated == Format.AUTO and (wanted.time or wanted.question):
        stated = Format.JSONL
    if stated == Format.RAGFRONT or (stated == Format.AUTO and any(map(_is_ours, records))):
        return Format.RAGFRONT, ragfront
    if stated in (Format.AUTO, Format.JSONL):
        for record in records:
            if (reader := jsonl(wanted.time, wanted.question, record)) is not None:
                return Format.JSONL, reader
        if stated == Format.JSONL or records:
            raise LogError(
                f"{name}: none of the first {_LOOKED_AT} lines has both a time ({wanted.time or ', '.join(TIMES)}) and "
                f"a question ({wanted.question or ', '.join(QUESTIONS)}); --time and --question say where they stand"
            )
    if stated == Format.NGINX or any(_is_combined(line) for line in head):
        return Format.NGINX, nginx()
    raise LogError(
        f"{name}: unknown format; expected ragfront's access log, nginx's combined format, "
        "or a line of JSON for each question, with a time"
    )


def _json(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None


def _is_ours(record: dict[str, Any]) -> bool:
    return {"time", "route", "outcome", "reason", "key", "upstream_ms"} <= record.keys()


def _is_combined(line: bytes) -> bool:
    try:
        nginx()(line)
    except ValueError:
        return False
    return True


def _nothing(tally: Tally, wanted: Wanted) -> str:
    told = f"no questions in {tally.lines:,} lines ({tally.bad:,} could not be read)"
    if tally.format == Format.NGINX and tally.passed:
        return f"{told}: {NO_BODIES}"
    if wanted.route is not None:
        return f"{told}: none of route {wanted.route}"
    return told
