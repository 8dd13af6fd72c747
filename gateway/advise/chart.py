"""Chart: a forecast for a terminal, as tables with bars."""

from math import inf

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.advise.formats import Format
from gateway.advise.proposal import Proposal
from gateway.advise.read import Tally
from gateway.model.units import format_duration
from gateway.policy.forecast import Forecast

_WIDTH = 30
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def bar(share: float, width: int = _WIDTH) -> str:
    """A share of 1 as a bar, in eighths of a character."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (_EIGHTHS[rest] if rest else "")).ljust(width, "·")


def bytes_of(size: float) -> str:
    """Bytes for people: three figures and a unit."""
    if size == inf:
        return "no bound"
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.3g} {unit}"
        size /= 1024
    return f"{size:,.0f} TiB" if size >= 1000 else f"{size:.3g} TiB"


def draw(console: Console, forecast: Forecast, proposal: Proposal, tally: Tally) -> None:
    """What was read, hits by lifetime, hits by size with the proposed one, and what is proposed."""
    for line in _read(forecast, tally):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    console.print()
    console.print(_by_ttl(forecast, proposal))
    console.print()
    console.print(_by_size(forecast, proposal))
    console.print()
    for line in _said(forecast, proposal, tally):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _read(forecast: Forecast, tally: Tally) -> list[str]:
    span = max(forecast.span, 1.0)
    lines = [
        f"{tally.lines:,} lines ({tally.format}): {forecast.questions:,} questions in {_span(forecast.span)}, "
        f"{forecast.questions / span:,.3g}/s, {forecast.busiest_asked:,.3g}/s in the busiest minute",
        f"{_about(forecast)}{forecast.distinct:,.0f} different ones, {bytes_of(forecast.distinct_bytes)} with their "
        f"answers; {forecast.followed:,} were followed, "
        + ("all of them" if forecast.rate == 1 else f"one in {1 / forecast.rate:,.0f} and those asked most"),
    ]
    if tally.passed:
        why = "; of a POST this format does not say what it asks" if tally.format == Format.NGINX else ""
        lines.append(f"{tally.passed:,} lines tell of something else than a question{why}")
    if tally.bad:
        lines.append(f"{tally.bad:,} lines could not be read, the first of them {tally.first_bad}")
    if forecast.late:
        lines.append(
            f"{forecast.late:,} questions stand over a minute after later ones, and count as asked then: "
            "logs of several replicas have to be merged (sort -m)"
        )
    if tally.sized < forecast.questions:
        lines.append(f"of {forecast.questions - tally.sized:,} answers the size is a guess (--answer-size)")
    return lines


def _about(forecast: Forecast) -> str:
    return "" if forecast.rate == 1 else "about "


def _span(seconds: float) -> str:
    for unit, length in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.0f} seconds"


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, header_style="bold", padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)


def _by_ttl(forecast: Forecast, proposal: Proposal) -> Table:
    table = _table()
    table.add_column("ttl", justify="right")
    table.add_column("hits, without a bound of size")
    for column in ("", "calls/s", "busiest", "fresh at once"):
        table.add_column(column, justify="right", no_wrap=True)
    span = max(forecast.span, 1.0)
    for row, ttl in enumerate(forecast.ttls):
        hits = forecast.hits[row][-1]
        table.add_row(
            format_duration(ttl),
            Text(bar(hits)),
            f"{hits:.1%}",
            f"{forecast.calls[row][-1] / span:,.3g}",
            f"{forecast.busiest[row]:,.3g}",
            bytes_of(forecast.live[row]),
            style="bold green" if row == proposal.row else None,
        )
    return table


def _by_size(forecast: Forecast, proposal: Proposal) -> Table:
    table = _table()
    table.add_column("size", justify="right")
    table.add_column(f"hits, ttl {format_duration(proposal.ttl)}")
    table.add_column("", justify="right")
    hits = forecast.hits[proposal.row]
    for size, share in zip(forecast.sizes, hits, strict=True):
        table.add_row(bytes_of(size), Text(bar(share)), f"{share:.1%}")
        if share >= hits[-1] - 1e-4:  # larger ones bring nothing
            break
    return table


def _said(forecast: Forecast, proposal: Proposal, tally: Tally) -> list[str]:
    asked = forecast.questions / max(forecast.span, 1.0)
    lines = [
        f"ttl {format_duration(proposal.ttl)}: {proposal.hits:.1%} hits (the longest allowed: "
        f"{proposal.longest_hits:.1%}); the upstream gets {proposal.calls:,.3g} of {asked:,.3g} questions a second, "
        f"{proposal.busiest:,.3g} in the busiest minute"
    ]
    if proposal.at_once is not None and tally.mean_seconds is not None:
        lines.append(f"a call takes {tally.mean_seconds:.2f} s: {proposal.at_once:,.3g} are under way at once then")
    if forecast.span < 2 * proposal.ttl:
        lines.append("the log is shorter than two such lifetimes: a longer one says more")
    return lines
