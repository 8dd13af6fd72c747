"""Forecast: what a cache would have made of a log of questions, for each lifetime and each size. No I/O, no clock.

Questions are sampled by a hash of what they ask, so that of those which are followed every repetition is seen, and a
cache of 1/n of the size in front of 1/n of the questions behaves as the whole one does (SHARDS: Waldspurger, Park,
Garthwaite and Ahmad, "Efficient MRC Construction with SHARDS", FAST 2015). The sample has a fixed size: when more are
followed than may be, half of them are let go. Three things differ from the paper:

- Misses are estimated, and hits are what remains of all questions, which are counted. One question may bring half of
  the hits, and be in the sample or not; of the misses it has no more than one in each lifetime.
- Those that come most in the log's beginning are followed whatever their hash, and count once: with short lifetimes
  it is them who miss often.
- An entry ends after its lifetime; it is asked anew then, and keeps its place in the order of use.
"""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from gateway.policy.reuse_distance import ReuseDistances

_BEGINNING = 100_000  # questions that are looked at to see which come most
_OFTEN = 2048  # of those that come most, so many are followed
_SNAPSHOT = 1.125  # of the time that has passed: live entries are summed up when it has grown by this
_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Forecast:
    """What came out. Rows go by lifetime, columns by size; the last size is without a bound.

    hits: share of all questions. live: bytes of fresh entries at most, without a bound. calls: upstream calls in all.
    busiest: upstream calls a second in the busiest minute, without a bound; busiest_asked: questions. distinct:
    different questions, and their bytes. rate: the share of them that is followed because of its hash.
    late: questions that were told over a minute too late.
    """

    ttls: tuple[float, ...]
    sizes: tuple[float, ...]
    questions: int
    span: float
    distinct: float
    distinct_bytes: float
    followed: int
    rate: float
    hits: tuple[tuple[float, ...], ...]
    calls: tuple[tuple[float, ...], ...]
    live: tuple[float, ...]
    busiest: tuple[float, ...]
    busiest_asked: float
    late: int


class _Followed:
    """A question in the sample.

    asked: when it came for the first time. until: when its entry ends, cell by cell; None: it came once only, as most
    do. soonest: the first of those, row by row; first: of all.
    """

    __slots__ = ("asked", "first", "size", "soonest", "until")

    def __init__(self, size: int, asked: float, first: float) -> None:
        self.size, self.asked, self.first = size, asked, first
        self.until: array[float] | None = None
        self.soonest: list[float] = []


class Forecaster:
    """Is told of each question, in the order of time.

    ttls: seconds, sizes: bytes; both ascending. most: how many different questions are followed at once.
    """

    def __init__(self, ttls: Sequence[float], sizes: Sequence[int], most: int = 32_768) -> None:
        self._ttls = tuple(ttls)
        self._sizes = (*sizes, inf)
        self._most = most
        self._cells = array("d", [ttl for ttl in ttls for _ in self._sizes])
        self._beginning: list[tuple[int, float, int, bool]] | None = []
        self._often: frozenset[int] = frozenset()
        self._shift = 0
        self._known: dict[int, _Followed] = {}
        self._distances = ReuseDistances()
        self._misses = [0] * len(self._cells)
        self._first = 0  # misses of those that come for the first time: in all cells alike
        self._first_bytes = 0
        self._lost = 0  # questions whose answers are not kept: misses in all cells
        self.questions = 0
        self._late = 0
        self._start = self._now = -inf
        self._looked = -inf
        self._live = [0] * len(self._ttls)
        self._minute = -inf
        self._asked = self._asked_most = 0
        self._calls = [0] * len(self._ttls)
        self._calls_most = [0] * len(self._ttls)

    def ask(self, key: int, time: float, size: int, kept: bool = True) -> None:
        """A question came. key: a hash of it. time: Unix seconds. size: bytes of its entry. kept: whether it is stored.

        One that is told too late counts as if it had come now.
        """
        now = self._now = max(time, self._now)
        if not self.questions:
            self._start = now
            self._looked = now + 1
        self.questions += 1
        self._late += now - time > _MINUTE
        if self._beginning is None:
            self._take(key, now, size, kept)
            return
        self._beginning.append((key, now, size, kept))
        if len(self._beginning) == _BEGINNING:
            self._begin()

    def result(self) -> Forecast:
        """What has come out so far. ValueError where nothing was asked."""
        if not self.questions:
            raise ValueError("no questions")
        self._begin()
        self._look(self._now)
        self._turn(self._now)
        width, asked = len(self._sizes), self.questions
        minute = min(_MINUTE, max(self._now - self._start, 1.0))
        calls = [min(float(asked), float(self._first + self._lost + misses)) for misses in self._misses]
        rows = tuple(tuple(calls[at : at + width]) for at in range(0, len(calls), width))
        return Forecast(
            ttls=self._ttls,
            sizes=self._sizes,
            questions=asked,
            span=self._now - self._start,
            distinct=self._first,
            distinct_bytes=self._first_bytes,
            followed=len(self._known),
            rate=2.0**-self._shift,
            hits=tuple(tuple(1 - cell / asked for cell in row) for row in rows),
            calls=rows,
            live=tuple(map(float, self._live)),
            busiest=tuple(min(most, self._asked_most) / minute for most in self._calls_most),
            busiest_asked=self._asked_most / minute,
            late=self._late,
        )

    def _begin(self) -> None:
        """The log's beginning has been seen: who comes often is known now."""
        if self._beginning is None:
            return
        waiting, self._beginning = self._beginning, None
        counted = Counter(key for key, *_ in waiting)
        self._often = frozenset(key for key, count in counted.most_common(_OFTEN) if count > 1)
        for key, time, size, kept in waiting:
            self._take(key, time, size, kept)

    def _take(self, key: int, now: float, size: int, kept: bool) -> None:
        if now - self._minute >= _MINUTE:
            self._turn(now)
        self._asked += 1
        if not kept:
            self._lost += 1
            self._calls = [calls + 1 for calls in self._calls]
        elif key in self._often:
            self._follow(key, now, size, 1)
        elif not key & ((1 << self._shift) - 1):
            self._follow(key, now, size, 1 << self._shift)
        if now >= self._looked:
            self._look(now)

    def _follow(self, key: int, now: float, size: int, weight: int) -> None:
        """One of the sample came; it stands for `weight` of them."""
        distance = self._distances.touch(key, size * weight)
        known = self._known.get(key)
        if known is None:
            self._first += weight
            self._first_bytes += size * weight
            self._calls = [calls + weight for calls in self._calls]
            self._known[key] = _Followed(size, now, now + self._ttls[0])
            if len(self._known) > self._most + len(self._often):
                self._halve()
            return
        known.size = size
        # The first size that holds it: what came since, and itself.
        fits = bisect_left(self._sizes, distance + size)
        if fits == 0 and now < known.first:
            return
        self._miss(known, now, fits, weight)

    def _miss(self, known: _Followed, now: float, fits: int, weight: int) -> None:
        """Renew what has ended, and what is in no cache that is too small for it."""
        if known.until is None:
            known.until = array("d", [known.asked + ttl for ttl in self._cells])
            known.soonest = [known.asked + ttl for ttl in self._ttls]
        misses, until, soonest, width = self._misses, known.until, known.soonest, len(self._sizes)
        for row, ttl in enumerate(self._ttls):
            begin, end = row * width, now + ttl
            ended = now >= soonest[row]
            for cell in range(begin, begin + fits):
                until[cell] = end
                misses[cell] += weight
            if ended:
                for cell in range(begin + fits, begin + width):
                    if until[cell] <= now:
                        until[cell] = end
                        misses[cell] += weight
                        if cell == begin + width - 1:
                            self._calls[row] += weight
            if ended or fits:
                soonest[row] = min(until[begin : begin + width])
        known.first = min(soonest)

    def _halve(self) -> None:
        """Let go of half of those that are followed because of their hash: the others stand for twice as many."""
        self._shift += 1
        rest = (1 << self._shift) - 1
        often = self._often
        self._known = {key: known for key, known in self._known.items() if key in often or not key & rest}
        self._distances.rebuild(lambda key, size: size if key in often else 0 if key & rest else 2 * size)

    def _look(self, now: float) -> None:
        """How much is fresh now, for each lifetime."""
        self._looked = self._start + max(1.0, (now - self._start) * _SNAPSHOT)
        width = len(self._sizes)
        live = [0] * len(self._ttls)
        for key, known in self._known.items():
            size = known.size if key in self._often else known.size << self._shift
            for row in range(len(live)):
                if known.until is None:
                    live[row] += size * (known.asked + self._ttls[row] > now)
                elif known.until[(row + 1) * width - 1] > now:
                    live[row] += size
        self._live = list(map(max, self._live, live))

    def _turn(self, now: float) -> None:
        """Another minute begins."""
        self._minute = now
        self._asked_most = max(self._asked_most, self._asked)
        self._calls_most = list(map(max, self._calls_most, self._calls))
        self._asked = 0
        self._calls = [0] * len(self._ttls)
