"""The command: what is typed, what is printed, how it ends. What it needs is imported once it is called."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Never

import typer

from gateway.advise.formats import Format
from gateway.model.errors import RagfrontError
from gateway.model.units import parse_duration, parse_size
from gateway.progress import reading

WRONG = 2
EXIT_CODES = "Exit codes: 0 done; 2 the command line is wrong, or the log cannot be read or holds no questions."


def advise(
    logs: Annotated[
        list[str],
        typer.Argument(metavar="LOG...", help="In the order of time; gzip is read, too; - for standard input."),
    ],
    format: Annotated[Format, typer.Option(help="By default what the first lines are in.")] = Format.AUTO,
    time: Annotated[
        str | None, typer.Option(metavar="POINTER", help="jsonl: where the time stands, such as /at.")
    ] = None,
    question: Annotated[
        str | None, typer.Option(metavar="POINTER", help="jsonl: where the question stands, such as /request/query.")
    ] = None,
    route: Annotated[
        str | None, typer.Option(metavar="NAME", help="ragfront's log: only what was asked on this route.")
    ] = None,
    longest: Annotated[str, typer.Option(metavar="TIME", help="How old an answer may be.")] = "1d",
    answer_size: Annotated[
        str, typer.Option(metavar="SIZE", help="Of an answer, where the log does not tell.")
    ] = "4KiB",
    png: Annotated[Path | None, typer.Option(metavar="FILE", help="A picture, too. Needs the extra `advise`.")] = None,
    write: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where the proposed configuration goes, instead of the terminal."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print figures and proposal as JSON.")] = False,
) -> None:
    """Say from a log of questions what a cache would have made of them, and propose settings.

    Reads ragfront's access log, nginx's combined format, or lines of JSON, of any size in bounded memory.
    """
    from gateway.advise import chart, picture, proposal
    from gateway.advise.lines import size
    from gateway.advise.read import Wanted, read
    from gateway.policy.forecast import Forecaster

    oldest, guess = _unit("--longest", parse_duration, longest), _unit("--answer-size", parse_size, answer_size)
    forecaster = Forecaster(proposal.TTLS, proposal.SIZES)
    try:
        _pointers(time, question)
        if png is not None:
            picture.need()
        with reading(size(logs)) as advance:
            tally = read(logs, Wanted(format, time, question, route, int(guess)), forecaster, advance)
        forecast = forecaster.result()
        proposed = proposal.propose(forecast, oldest, tally.mean_seconds)
        text = proposal.configuration(proposed, tally.places)
        if png is not None:
            picture.save(png, forecast, proposed)
    except RagfrontError as exc:
        _fail(str(exc))
    if write is not None:
        _keep(write, text)
    if json:
        print(_json(forecast, proposed, text))
        return
    from rich.console import Console

    chart.draw(Console(), forecast, proposed, tally)
    if write is None:
        print(f"\n{text}", end="")


def _unit(name: str, parse: Callable[[Any], float], text: str) -> float:
    try:
        return parse(text)
    except ValueError as exc:
        _fail(f"{name}: {exc}")


def _pointers(*texts: str | None) -> None:
    for text in texts:
        if text is not None and not text.startswith("/"):
            _fail(f"{text}: expected a JSON Pointer such as /request/query")


def _keep(path: Path, text: str) -> None:
    try:
        path.write_text(text)
    except OSError as exc:
        _fail(f"{path}: {exc.strerror or exc}")


def _json(forecast: Any, proposed: Any, text: str) -> str:
    from dataclasses import asdict

    import orjson

    # A size without a bound becomes null, as JSON knows no infinity.
    made = {"forecast": asdict(forecast), "proposal": asdict(proposed), "configuration": text}
    return orjson.dumps(made, option=orjson.OPT_INDENT_2).decode()


def _fail(text: str) -> Never:
    print(f"ragfront: {text}", file=sys.stderr)
    raise typer.Exit(WRONG)
