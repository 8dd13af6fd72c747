"""Percentiles out of a histogram: how long did the slowest of so many take, as far as buckets tell. No I/O."""

from collections.abc import Sequence


def percentile(bounds: Sequence[float], counts: Sequence[float], share: float) -> float | None:
    """The value that `share` (0 to 1) of the observations did not exceed; None where there are none.

    bounds: upper bounds, ascending. counts: of each bucket alone; one more than bounds, for what is over the last.
    Inside a bucket observations are taken to be spread evenly; of what is over the last bound, only that is known.
    """
    total = sum(counts)
    if not total:
        return None
    wanted, passed, low = share * total, 0.0, 0.0
    for bound, count in zip(bounds, counts, strict=False):
        if count and passed + count >= wanted:
            return low + (bound - low) * max(0.0, wanted - passed) / count
        passed, low = passed + count, bound
    return bounds[-1] if bounds else None
