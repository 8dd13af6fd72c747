"""Picture: a forecast as a PNG. matplotlib is loaded here, and only where somebody wants one."""

from math import inf
from pathlib import Path
from typing import Any

from gateway.advise.chart import bytes_of
from gateway.advise.proposal import Proposal
from gateway.model.errors import RagfrontError
from gateway.model.units import format_duration
from gateway.policy.forecast import Forecast

_SHOWN = 4  # lifetimes with a line of their own, beside the proposed one


class PictureError(RagfrontError):
    """No picture can be made: what to tell."""


def need() -> None:
    """PictureError where matplotlib is missing: said before a long log is read."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise PictureError("--png needs matplotlib: pip install 'ragfront[advise]'") from None


def save(path: Path, forecast: Forecast, proposal: Proposal) -> None:
    """Hits by lifetime, with what is fresh at once, and by size. PictureError where it cannot be kept."""
    need()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    _by_ttl(left, forecast, proposal)
    _by_size(right, forecast, proposal)
    try:
        figure.savefig(path, format="png", dpi=120)
    except OSError as exc:
        raise PictureError(f"{path}: {exc.strerror or exc}") from None


def _by_ttl(axes: Any, forecast: Forecast, proposal: Proposal) -> None:
    names = [format_duration(ttl) for ttl in forecast.ttls]
    axes.plot(names, [100 * row[-1] for row in forecast.hits], marker="o", color="tab:blue")
    axes.axvline(proposal.row, color="tab:green", linestyle=":", label=f"proposed: {names[proposal.row]}")
    axes.set(title="without a bound of size", xlabel="ttl", ylabel="hits, %", ylim=(0, 100))
    axes.legend(loc="upper left")
    memory = axes.twinx()
    memory.bar(names, [size / 2**20 for size in forecast.live], alpha=0.2, color="tab:gray")
    memory.set_ylabel("fresh at once, MiB")


def _by_size(axes: Any, forecast: Forecast, proposal: Proposal) -> None:
    bounded = [size for size in forecast.sizes if size != inf]
    sizes = [size for size in bounded if size <= 4 * forecast.distinct_bytes] or bounded[:1]  # what brings no more
    rows = {proposal.row, *range(0, len(forecast.ttls), max(1, len(forecast.ttls) // _SHOWN))}
    for row in sorted(rows):
        proposed = row == proposal.row
        hits = [100 * share for share in forecast.hits[row][: len(sizes)]]
        axes.plot(sizes, hits, marker=".", linewidth=2.5 if proposed else 1, label=format_duration(forecast.ttls[row]))
    axes.set_xscale("log", base=2)
    axes.set_xticks(sizes, [bytes_of(size) for size in sizes], rotation=30)
    axes.set(title="by size of the cache", ylabel="hits, %", ylim=(0, 100))
    axes.legend(title="ttl")
    axes.grid(alpha=0.3)
