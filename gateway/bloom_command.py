"""Bloom commands: filters built from files and services, and looked into. Progress goes to standard error."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Never

import typer

from gateway.model.settings.base import PointerOrSegment
from gateway.model.settings.file import Settings
from gateway.progress import reading

if TYPE_CHECKING:  # what builds filters is imported where it is needed: `serve` starts that much faster
    from gateway.guard.filterfile import Kind
    from gateway.guard.records import Record
    from gateway.policy.pointer import Pointer

NOT_BUILT = 1
WRONG = 2
_EXIT_CODES = "Exit codes: 0 done; 1 nothing was written, or the file cannot be used; 2 the command line is wrong."

app = typer.Typer(
    help="Filters of what there is: ids, or the terms of a corpus.",
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog=_EXIT_CODES,
)


class Format(StrEnum):
    """How what is read is to be understood."""

    LINES = "lines"
    JSONL = "jsonl"
    JSON = "json"
    QDRANT = "qdrant"
    CHROMA = "chroma"


_PAGED = (Format.JSON, Format.QDRANT, Format.CHROMA)


def _fail(code: int, text: str) -> Never:
    print(f"ragfront: {text}", file=sys.stderr)
    raise typer.Exit(code)


@app.command(epilog=_EXIT_CODES)
def build(
    source: Annotated[
        str, typer.Option("--from", metavar="FILE|-|URL", help="A file, standard input, or a service that gives pages.")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The filter; replaced as a whole where there is one.")],
    known: Annotated[
        bool, typer.Option("--known/--vocabulary", help="The ids that there are, or the terms of the texts.")
    ] = True,
    pointer: Annotated[
        list[str] | None,
        typer.Option(
            metavar="POINTER",
            help="Where ids or texts stand in a record, such as /id or /payload/text; may be repeated. "
            "By default /id, or /text.",
        ),
    ] = None,
    error_rate: Annotated[
        float, typer.Option(min=1e-9, max=0.5, help="The share of strangers that are let through, at capacity.")
    ] = 0.001,
    capacity: Annotated[
        int | None,
        typer.Option(min=1, max=10**10, help="How many it can hold; more are refused. By default those there are."),
    ] = None,
    format: Annotated[
        Format | None,
        typer.Option(help="By default lines of text, or of JSON where a pointer is stated; json for a URL."),
    ] = None,
    next: Annotated[
        str | None,
        typer.Option(
            metavar="POINTER",
            help="json: leads to the next page's URL or cursor; by default the field Link is followed.",
        ),
    ] = None,
    cursor: Annotated[
        str | None, typer.Option(metavar="NAME", help="json: the query parameter that a cursor goes into.")
    ] = None,
    page: Annotated[int, typer.Option(min=1, max=100_000, help="qdrant, chroma: records of one page.")] = 1000,
    header: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME:VALUE",
            help="For a URL, such as 'api-key: ${QDRANT_KEY}'; ${NAME} is taken from the "
            "environment, so that no secret stands on the command line.",
        ),
    ] = None,
) -> None:
    """Build a filter from a file, a pipe or a service, of any size."""
    from gateway.guard.build import build as built
    from gateway.guard.filterfile import FilterError, save

    kind: Kind = "known" if known else "vocabulary"
    url = source.startswith(("http://", "https://"))
    chosen = format or (Format.JSON if url else Format.JSONL if pointer else Format.LINES)
    if url != (chosen in _PAGED):
        _fail(WRONG, f"--format {chosen} is for {'a URL' if chosen in _PAGED else 'files'}")
    pointers = _pointers(pointer or [_usual(chosen, known)])
    try:
        with _opened(source, url) as file:
            records: Callable[[], Iterator[Record]]
            if file is None:
                records = _pages(source, chosen, pointers, header or [], page, next, cursor)
            else:
                records = _lines(file, chosen, pointers)
            again = file is not None and file.seekable()
            size, passes = _size(file), 2 if again and capacity is None else 1
            with reading(size and size * passes) as progress:
                filter, read = built(records, kind, error_rate, capacity, again=again, progress=progress)
        save(filter, str(out))
    except FilterError as exc:
        _fail(NOT_BUILT, f"{exc}" if url else f"{source}: {exc}")
    except OSError as exc:
        _fail(NOT_BUILT, f"{exc.filename or out}: {exc.strerror or exc}")
    if read.skipped:
        print(f"ragfront: warning: {read.skipped:,} records without an id or text", file=sys.stderr)
    _tell(str(out))


@app.command(epilog=_EXIT_CODES)
def info(file: Annotated[Path, typer.Argument(metavar="FILE", help="A filter.")]) -> None:
    """Check a filter to its last bit, and tell what it holds."""
    _tell(str(file))


def broken(settings: Settings) -> list[str]:
    """A line for each filter that a route names and that cannot be used."""
    from gateway.guard.filterfile import FilterError, Kind, load

    found = []
    for index, route in enumerate(settings.routes):
        kinds: tuple[Kind, ...] = ("known", "vocabulary")
        for kind in kinds:
            filter = getattr(route.bloom, kind)
            if filter is None or filter.mode == "off":
                continue
            try:
                load(filter.file, kind)
            except FilterError as exc:
                found.append(f"routes[{index}].bloom.{kind}.file: {filter.file}: {exc}")
    return found


def _usual(chosen: Format, known: bool) -> str:
    """Where ids or texts stand, where nobody says so."""
    if known:
        return "/*/id" if chosen is Format.JSON else "/id"
    usual = {Format.JSON: "/*/text", Format.QDRANT: "/payload/text", Format.CHROMA: "/document"}
    return usual.get(chosen, "/text")


def _pointers(texts: list[str]) -> "list[Pointer]":
    from pydantic import TypeAdapter, ValidationError

    from gateway.policy.pointer import compile_pointer

    for text in texts:
        try:
            TypeAdapter(PointerOrSegment).validate_python(text)
        except ValidationError:
            _fail(WRONG, f"{text}: expected a JSON Pointer such as /id or /items/*/id")
        if text.startswith("{"):
            _fail(WRONG, f"{text}: expected a JSON Pointer such as /id")
    return [compile_pointer(text) for text in texts]


@contextmanager
def _opened(source: str, url: bool) -> "Iterator[BinaryIO | None]":
    if url:
        yield None
    elif source == "-":
        yield sys.stdin.buffer
    else:
        with open(source, "rb") as file:
            yield file


def _lines(file: BinaryIO, chosen: Format, pointers: "list[Pointer]") -> "Callable[[], Iterator[Record]]":
    from gateway.guard import records

    start = file.tell() if file.seekable() else 0

    def read() -> "Iterator[Record]":
        if file.seekable():
            file.seek(start)
        return records.lines(file) if chosen is Format.LINES else records.json_lines(file, pointers)

    return read


def _pages(
    url: str, chosen: Format, pointers: "list[Pointer]", headers: list[str], page: int, next: str | None,
    cursor: str | None,
) -> "Callable[[], Iterator[Record]]":  # fmt: skip
    from gateway.guard.endpoint import Endpoint

    stated = {}
    for line in headers:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            _fail(WRONG, "expected --header NAME:VALUE")
        stated[name.strip()] = os.path.expandvars(value.strip())
    if cursor is not None and next is None:
        _fail(WRONG, "--cursor needs --next, which leads to it")
    following = _pointers([next])[0] if next is not None else None
    endpoint = Endpoint(url, chosen.value, pointers, stated, page, following, cursor)  # type: ignore[arg-type]  # checked: one of its formats
    return endpoint.records


def _size(file: BinaryIO | None) -> int | None:
    """Bytes to be read, where that is known."""
    return os.fstat(file.fileno()).st_size if file is not None and file.seekable() else None


def _tell(path: str) -> None:
    """What a file holds, from what was read back from it."""
    from gateway.guard.filterfile import FilterError, load

    try:
        filter = load(path)
    except FilterError as exc:
        _fail(NOT_BUILT, f"{path}: {exc}")
    lines = {
        "kind": filter.kind,
        "count": f"{len(filter):,}",
        "capacity": f"{filter.capacity:,} ({len(filter) / filter.capacity:.0%} full)",
        "error rate": f"{filter.error_rate:g} at capacity, {filter.expected_rate:.2g} as full as it is",
        "size": f"{filter.size:,} bytes in memory, of each worker",
        "built": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(filter.made)),
        "checksum": "fits",
    }
    print(path)
    for name, value in lines.items():
        print(f"  {name:<11}{value}")
