"""Top: which stored answers are asked for most, and which save most. Estimated from samples, in bounded room."""

from typing import NamedTuple

from gateway.model.exchange import Exchange
from gateway.model.outcome import Outcome
from gateway.policy.hottest import Hottest

_PLACES = 1000
_MAX_BYTES = 1 << 20
_HALF_LIFE = 600.0  # seconds: after so long, what was counts for half
_FADE_EVERY = 60.0
_STORED = frozenset({Outcome.HIT, Outcome.STALE, Outcome.EMPTY})
_PATH = 200


class TopKey(NamedTuple):
    """A stored answer. path: of a request for it, without its query, which may hold a secret."""

    key: bytes
    route: str
    path: str


class Ranked(NamedTuple):
    """share: of all samples, or of all that was saved; 0 to 1."""

    one: TopKey
    share: float


class Top:
    """One worker's: a fair share of all, since the kernel spreads connections over workers.

    samples: how many; saved: seconds in them that upstreams did not have to work. What is older counts for less.
    """

    def __init__(self) -> None:
        self.samples = self.saved = 0.0
        self._hits: Hottest[TopKey] = Hottest(_PLACES, _MAX_BYTES)
        self._savers: Hottest[TopKey] = Hottest(_PLACES, _MAX_BYTES)
        self._faded = 0.0

    def note(self, x: Exchange) -> None:
        """A sample: a request that has ended."""
        self._fade(x.now)
        self.samples += 1
        if x.outcome not in _STORED or x.key is None or x.route is None or x.items:
            return
        path = x.request.path.decode("utf-8", "backslashreplace")[:_PATH]
        one = TopKey(x.key, x.route.name, path)
        size = 300 + len(path)
        self._hits.add(x.key, one, size)
        if x.saved_seconds:
            self.saved += x.saved_seconds
            self._savers.add(x.key, one, size, x.saved_seconds)

    def by_hits(self, most: int) -> list[Ranked]:
        """The most asked for first."""
        return _ranked(self._hits, self.samples, most)

    def by_saved(self, most: int) -> list[Ranked]:
        """Those first that save the upstreams most time."""
        return _ranked(self._savers, self.saved, most)

    def _fade(self, now: float) -> None:
        if now - self._faded < _FADE_EVERY:
            return
        factor = 0.5 ** ((now - self._faded) / _HALF_LIFE)
        self._faded = now
        self.samples *= factor
        self.saved *= factor
        self._hits.fade(factor)
        self._savers.fade(factor)


def _ranked(hottest: Hottest[TopKey], total: float, most: int) -> list[Ranked]:
    # A newcomer's count begins with what it took the place of, so that it may be too high.
    return [Ranked(one, min(1.0, count / total)) for one, count in hottest.top(most)] if total else []
