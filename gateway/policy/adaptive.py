"""Adaptive: how many calls an upstream bears at once, learned from how it answers. No I/O, no clock.

While more calls make an upstream busier, each takes as long as before; once they make it queue, each takes longer in
proportion. So the limit grows by one per window as long as it is used up and calls take about what they take on an
idle upstream (the baseline), and shrinks in proportion where they take longer, or where the upstream says that it has
too much (AIMD, with TCP Vegas's look at delay). Three things keep it honest:

- Calls that began before the last change say nothing about it, and are not counted.
- Generated answers differ in length: what lies within the noise of a window is not taken for a change.
- Now and then half the limit is tried for one window, and what calls take then is the baseline: often at the start,
  until halving makes them no faster; seldom afterwards; and at once where shrinking does not help, because then it is
  not us who made them slow. Where it makes them about twice as fast they had only queued: half the limit is kept, and
  halved again.
"""

from dataclasses import dataclass, field
from math import inf, sqrt

_SAMPLES = 20  # in a window at least; and once around the limit
_TOLERANCE = 1.2  # calls may take so many times the baseline
_SHRINK, _LEAST_SHRINK = 0.7, 0.95
_TROUBLE = 0.1  # a share of calls that the upstream was too busy for
_PROBE = 0.5  # the part of the limit that is tried
_SELDOM, _OFTEN = 40, 3  # windows until the next trial
_FASTER = 0.8  # of the baseline before: there may be still more to find
_QUEUED = 0.6  # of what they took at the whole limit: a little more than half, so that half of it is still enough
_IN_VAIN = 3  # windows that shrank the limit one after the other
_WEIGHT = 0.1  # of a window in the baseline, where calls took less


@dataclass(slots=True)
class _Window:
    """What calls took since the last change."""

    began: float
    count: int = 0
    total: float = 0.0
    squares: float = 0.0
    trouble: int = 0
    full: bool = False  # the limit was reached: more would have been asked

    @property
    def mean(self) -> float:
        return self.total / self.count

    @property
    def noise(self) -> float:
        """Two standard errors of the mean."""
        spread = max(0.0, self.squares / self.count - self.mean**2)
        return 2 * sqrt(spread / self.count)


@dataclass(slots=True)
class Adaptive:
    """One upstream's limit, between `least` and `most`. Times: seconds of one clock."""

    least: int
    most: int
    limit: float
    baseline: float = inf
    _window: _Window = field(default_factory=lambda: _Window(-inf))
    _until_probe: int = 2  # the very first calls take less than those that come when the limit is used up
    _shrunk: int = 0  # windows in a row
    _before_probe: tuple[float, float] | None = None  # the limit, and what calls took at it

    def reached(self) -> None:
        """Somebody had to wait, or took the last slot."""
        self._window.full = True

    def ended(self, began: float, now: float, *, trouble: bool) -> None:
        """A call ended. trouble: the upstream was too busy for it."""
        window = self._window
        if began <= window.began:
            return
        took = now - began
        window.count += 1
        if trouble:
            window.trouble += 1
        else:
            window.total += took
            window.squares += took * took
        if window.count < max(_SAMPLES, self.limit):
            return
        self._close(window)
        self._window = _Window(now)

    def _close(self, window: _Window) -> None:
        if window.trouble > window.count * _TROUBLE:
            self._before_probe = None
            self._set(self.limit * _SHRINK)
            return
        window.count -= window.trouble
        if self._before_probe is not None:
            self._measured(window, *self._before_probe)
            return
        self._follow(window)
        self._until_probe -= 1
        if self._until_probe <= 0 or self._shrunk >= _IN_VAIN:
            self._probe(window.mean)

    def _probe(self, mean: float) -> None:
        if self.limit > self.least:
            self._before_probe = self.limit, mean
            self._set(self.limit * _PROBE)

    def _measured(self, window: _Window, limit: float, mean: float) -> None:
        """What calls take at half the limit is known."""
        self._until_probe = _OFTEN if window.mean < self.baseline * _FASTER else _SELDOM
        self._shrunk = 0
        self.baseline, self._before_probe = window.mean, None
        if window.full and window.mean + window.noise < mean * _QUEUED:
            self._probe(window.mean)
        else:
            self._set(limit)

    def _follow(self, window: _Window) -> None:
        mean, noise = window.mean, window.noise
        if self.baseline == inf:
            self.baseline = mean
        elif mean < self.baseline:
            self.baseline += _WEIGHT * (mean - self.baseline)
        allowed = self.baseline * _TOLERANCE
        if mean > allowed + noise:
            self._shrunk += 1
            self._set(self.limit * min(_LEAST_SHRINK, max(_SHRINK, allowed / mean)))
            return
        self._shrunk = 0
        if window.full:
            self._set(self.limit + max(1.0, self.limit / 20))

    def _set(self, limit: float) -> None:
        self.limit = min(float(self.most), max(float(self.least), limit))
