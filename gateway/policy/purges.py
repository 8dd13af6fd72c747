"""Purges: which stored answers may be used no more? No I/O, no clock.

Each purge has a version, and each entry the version that its worker knew when the upstream call began. A purge takes
the entries that it names and that are of an older version, wherever they are: nothing is scanned. Since of two that
remove the same, the newer one takes all that the older one does, one figure for each name is enough.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from operator import itemgetter
from typing import NamedTuple, TypeAlias

from gateway.policy.tags import EVERY

MOST = 100_000
"""Purges that are remembered one by one. Past them, what is of the older half's time is gone, whatever it is."""

_Mark: TypeAlias = tuple[int, float]
"""A purge's version, and when it was, in Unix seconds."""

_version = itemgetter(0)


class Scope(Enum):
    """What a purge's value names."""

    ALL = "all"  # every entry; the value is ""
    ROUTE = "route"
    KEY = "key"  # 64 hexadecimal digits, lower case
    TAG = "tag"  # one that ends in `*` stands for all that begin so


class Order(NamedTuple):
    """What is to be purged. expire: it becomes stale instead of going."""

    scope: Scope
    value: str = ""
    expire: bool = False


class Purge(NamedTuple):
    """An order that was given. at: Unix seconds."""

    version: int
    order: Order
    at: float


class Names(NamedTuple):
    """By what an entry can be named. keys: its own, and the primary one where that is another."""

    route: str
    keys: tuple[bytes, ...]
    tags: tuple[str, ...] = ()


UNTOUCHED = math.inf
GONE = -math.inf


class Purges:
    """All purges that one worker knows of.

    newest: the version of the newest one; what is of this version or a later one is untouched. floor: what is of an
    older version is gone.
    """

    def __init__(self, most: int = MOST) -> None:
        self.newest = self.floor = 0
        self._most = most
        self._count = 0
        # By order, versions and moments, both rising. Of removals the newest alone; of what expires those that say
        # more than a later one does.
        self._marks: dict[Order, list[_Mark]] = {}
        self._any_tag: dict[bool, list[_Mark]] = {False: [], True: []}  # by `expire`: what EVERY may be named by
        self._lengths: set[int] = set()  # of prefixes of tags

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Purge]:
        """Those that say anything beside the floor, oldest first."""
        every = [Purge(version, order, at) for order, marks in self._marks.items() for version, at in marks]
        return iter(sorted(every, key=_version))

    def begin(self, floor: int, purges: Iterable[Purge] = ()) -> None:
        """Know these alone, oldest first: what is older than `floor` is gone."""
        self._marks, self._any_tag, self._lengths, self._count = {}, {False: [], True: []}, set(), 0
        self.newest = self.floor = floor
        for purge in purges:
            self.add(purge)

    def add(self, purge: Purge) -> None:
        """Take a purge into account. Purges come in the order of their versions."""
        if purge.version <= self.floor:
            return
        self.newest = max(self.newest, purge.version)
        order = purge.order
        if order.scope is Scope.ALL and not order.expire:
            self._raise(purge.version)
            return
        mark = (purge.version, purge.at)
        self._count += _put(self._marks.setdefault(order, []), mark, expire=order.expire)
        if order.scope is Scope.TAG:
            _put(self._any_tag[order.expire], mark, expire=order.expire)
            if order.value.endswith("*"):
                self._lengths.add(len(order.value) - 1)
        if self._count > self._most:
            self._raise([each.version for each in self][self._count // 2])

    def outlive(self, before: float) -> None:
        """What was purged before this moment (Unix seconds), and lives still, must not come back: it is all gone."""
        old = [version for marks in self._marks.values() for version, at in marks if at < before]
        if old:
            self._raise(max(old))

    def judge(self, version: int, names: Names) -> float:
        """UNTOUCHED; GONE; or since when the entry is stale, in Unix seconds. version: the entry's."""
        if version >= self.newest:
            return UNTOUCHED
        if version < self.floor:
            return GONE
        stale = UNTOUCHED
        for expire in (False, True):
            for marks in self._naming(names, expire):
                if marks and marks[-1][0] > version:
                    if not expire:
                        return GONE
                    stale = min(stale, marks[bisect_right(marks, version, key=_version)][1])
        return stale

    def _naming(self, names: Names, expire: bool) -> Iterator[Sequence[_Mark]]:
        """The marks of all orders that name it."""
        marks = self._marks
        yield marks.get(Order(Scope.ALL, "", expire), ())
        yield marks.get(Order(Scope.ROUTE, names.route, expire), ())
        for key in names.keys:
            yield marks.get(Order(Scope.KEY, key.hex(), expire), ())
        for tag in names.tags:
            if tag == EVERY:
                yield self._any_tag[expire]
            yield marks.get(Order(Scope.TAG, tag, expire), ())
            for length in self._lengths:
                if len(tag) >= length:
                    yield marks.get(Order(Scope.TAG, tag[:length] + "*", expire), ())

    def _raise(self, floor: int) -> None:
        """Let the floor say what the purges up to this version did, and more."""
        newest, kept = self.newest, [purge for purge in self if purge.version > floor]
        self.begin(floor, kept)
        self.newest = newest


def _put(marks: list[_Mark], mark: _Mark, *, expire: bool) -> int:
    """Adds the newest mark, drops those that say less, and tells by how many there are more."""
    before = len(marks)
    if not expire:
        marks.clear()
    while marks and marks[-1][1] >= mark[1]:
        marks.pop()
    marks.append(mark)
    return len(marks) - before
