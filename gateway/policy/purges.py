"""Purges: which stored answers may be used no more? No I/O, no clock.

Each purge has a version, and each entry the version that its worker knew when the upstream call began. A purge takes
the entries that it names and that are of an older version, wherever they are: nothing is scanned. Since of two that
remove the same, the newer one takes all that the older one does, one figure for each name is enough.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from operator import itemgetter
from typing import NamedTuple, TypeAlias

from gateway.policy.tags import EVERY

MOST = 100_000
"""Purges that are remembered one by one. Past them, what is of the older half's time is gone, whatever it is; past half
as many voids, what is of their older half's time and routes.
"""

_Mark: TypeAlias = tuple[int, float]
"""A purge's version, and when it was, in Unix seconds."""

_NEVER: _Mark = (0, 0.0)

_version = itemgetter(0)


class Scope(Enum):
    """What a purge's value names."""

    ALL = "all"  # every entry; the value is ""
    ROUTE = "route"
    KEY = "key"  # 64 hexadecimal digits, lower case
    TAG = "tag"  # one that ends in `*` stands for all that begin so
    VOID = "void"  # as KEY, of one route (`void`): what an unsafe request has changed (RFC 9111 section 4.4)


class Order(NamedTuple):
    """What is to be purged. expire: it becomes stale instead of going."""

    scope: Scope
    value: str = ""
    expire: bool = False


def void(route: str, key: bytes) -> Order:
    """What clients may give, as often as they like: too many of them are at the cost of this route alone."""
    return Order(Scope.VOID, f"{key.hex()} {route}")


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


@dataclass(slots=True)
class _Marks:
    """What one name was purged by. gone: the newest removal. stale: expiries, versions and moments both rising: those
    that say more than a later one does.
    """

    gone: _Mark = _NEVER
    stale: list[_Mark] = field(default_factory=list)

    def put(self, mark: _Mark, *, expire: bool) -> int:
        """Adds the newest mark, drops those that say less, and tells by how many there are more."""
        if not expire:
            before, self.gone = self.gone, mark
            return int(before is _NEVER)
        before_count = len(self.stale)
        while self.stale and self.stale[-1][1] >= mark[1]:
            self.stale.pop()
        self.stale.append(mark)
        return len(self.stale) - before_count


class Purges:
    """All purges that one worker knows of.

    newest: the version of the newest one; what is of this version or a later one is untouched. floor: what is of an
    older version is gone.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._empty(0)

    def _empty(self, floor: int) -> None:
        self.newest = self.floor = floor
        self._count = 0
        self._marks: dict[Scope, dict[str, _Marks]] = {scope: {} for scope in Scope}
        # The same again, as they are asked for: enums are slow keys, and this is on the way of hits.
        self._routes, self._keys, self._tags = (self._marks[scope] for scope in (Scope.ROUTE, Scope.KEY, Scope.TAG))
        self._voids = self._marks[Scope.VOID]
        self._all, self._any_tag = _Marks(), _Marks()  # the other: what EVERY may be named by
        self._beginnings: dict[str, _Marks] = {}  # of tags, by how they begin
        self._lengths: set[int] = set()  # of those

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Purge]:
        """Those that say anything beside the floor, oldest first."""
        every = []
        for scope, named in self._marks.items():
            for value, marks in named.items():
                if marks.gone is not _NEVER:
                    every.append(Purge(marks.gone[0], Order(scope, value), marks.gone[1]))
                every += [Purge(version, Order(scope, value, True), at) for version, at in marks.stale]
        return iter(sorted(every, key=_version))

    def begin(self, floor: int, purges: Iterable[Purge] = ()) -> None:
        """Know these alone, oldest first: what is older than `floor` is gone."""
        purges = list(purges)
        self._empty(floor)
        for purge in purges:
            self.add(purge)

    def add(self, purge: Purge) -> None:
        """Take a purge into account. Purges come in the order of their versions."""
        if purge.version <= self.floor:
            return
        self.newest = max(self.newest, purge.version)
        scope, value, expire = purge.order
        if scope is Scope.ALL and not expire:
            self._raise(purge.version)
            return
        mark = (purge.version, purge.at)
        named = self._marks[scope]
        marks = named.get(value)
        if marks is None:
            marks = named[value] = self._all if scope is Scope.ALL else _Marks()
        self._count += marks.put(mark, expire=expire)
        if scope is Scope.TAG:
            self._any_tag.put(mark, expire=expire)
            if value.endswith("*"):
                self._beginnings[value[:-1]] = marks
                self._lengths.add(len(value) - 1)
        if len(self._voids) > self._most // 2:
            self._fold()
        if self._count > self._most:
            self._raise([each.version for each in self][self._count // 2])

    def outlive(self, before: float) -> None:
        """What was purged before this moment (Unix seconds), and lives still, must not come back: it is all gone."""
        old = [purge.version for purge in self if purge.at < before]
        if old:
            self._raise(max(old))

    def judge(self, version: int, names: Names) -> float:
        """UNTOUCHED; GONE; or since when the entry is stale, in Unix seconds. version: the entry's."""
        if version >= self.newest:
            return UNTOUCHED
        if version < self.floor:
            return GONE
        since = UNTOUCHED
        for marks in self._naming(names):
            if marks.gone[0] > version:
                return GONE
            stale = marks.stale
            if stale and stale[-1][0] > version:
                since = min(since, stale[bisect_right(stale, version, key=_version)][1])
        return since

    def _naming(self, names: Names) -> list[_Marks]:
        """The marks of all orders that name it."""
        found = [self._all, self._routes.get(names.route)]
        if self._keys:
            found += [self._keys.get(key.hex()) for key in names.keys]
        if self._voids:
            found += [self._voids.get(f"{key.hex()} {names.route}") for key in names.keys]
        if self._tags:
            for tag in names.tags:
                found.append(self._tags.get(tag) if tag != EVERY else self._any_tag)
                for length in self._lengths:
                    if len(tag) >= length:
                        found.append(self._beginnings.get(tag[:length]))
        return [marks for marks in found if marks is not None]

    def _fold(self) -> None:
        """Let purges of their routes say what the older half of the voids did, and more."""
        older = sorted(self._voids, key=lambda value: self._voids[value].gone)[: len(self._voids) // 2]
        for value in older:
            mark = self._voids.pop(value).gone
            marks = self._routes.setdefault(value.partition(" ")[2], _Marks())
            self._count -= 1
            if mark > marks.gone:
                self._count += marks.put(mark, expire=False)

    def _raise(self, floor: int) -> None:
        """Let the floor say what the purges up to this version did, and more."""
        newest = self.newest
        self.begin(floor, [purge for purge in self if purge.version > floor])
        self.newest = newest
