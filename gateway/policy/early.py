"""Early: from when on is an entry that is still fresh asked anew, so that one that is in use never ends? No clock.

XFetch (Vattani, Chierichetti and Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015) draws anew
at each request, and has the entry asked anew where `now - beta * seconds * log(random)` is past its end: with the
probability exp(-left / span), `left` seconds before the end, where `seconds` is what the answer takes and `span` is
`beta * seconds`. Requests that come at a steady rate r so ask anew at the moments of a Poisson process, of which
r * span * exp(-left / span) are to be expected until `left` seconds before the end. The next moment of such a process
can be drawn as well once, ahead of time: requests before it then need no draw at all, and the first one behind it does
what XFetch would have had it do. Since the process has no memory, it may be drawn again from any moment.

The rate is not the real one, which would have to be counted, but such that `_REQUESTS` come in a span: all that asking
more often would bring is that a hot entry is asked anew still earlier, by the logarithm of its rate.
"""

from collections.abc import Iterable
from math import exp, inf, log

from gateway.model.entry import Entry, EntryFlag
from gateway.model.settings.route import RouteSettings

_REQUESTS = 10.0
"""With beta 1, an entry that is always in use is then renewed in time in 97 of 100 cases, 1 - exp(-10 / e), and asked
anew 2.9 times its `seconds` before its end in the mean."""

_AT_MOST = 0.5
"""Of its life, an entry is left alone for the rest: one that takes as long to make as it lives would be made always."""


def betas(routes: Iterable[RouteSettings]) -> dict[str, float]:
    """How early, by the names of the routes whose entries are asked anew early."""
    return {route.name: percent / 100 for route in routes if (percent := route.cache.early_revalidation)}


def next_moment(entry: Entry, now: float, beta: float, random: float) -> float:
    """From when on a hit has the entry asked anew, in Unix seconds; its end where it never does.

    beta: how early; 0 is never. random: drawn from [0, 1).
    """
    span = beta * entry.upstream_seconds
    if span <= 0 or entry.flags & EntryFlag.VARY:  # a marker is renewed with what it leads to
        return entry.fresh_until
    left = max(0.0, entry.fresh_until - now)
    expected = _REQUESTS * exp(-left / span) - log(1 - random)
    ahead = span * log(_REQUESTS / expected) if expected > 0 else inf
    return entry.fresh_until - min(max(0.0, ahead), _AT_MOST * max(0.0, entry.fresh_for))
