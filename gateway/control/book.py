"""Book: what one worker knows of the ledger, and what the ledger's rows say. No I/O.

Each row names the one before it. So a worker sees, whatever has become of the ledger, whether what it reads goes on
from what it knows: where it does not (restored from an older copy, begun anew, lost in a failover and gone on with),
the worker reads it whole, keeps what it knew beside that, and tells what the ledger lacks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import orjson

from gateway.control.store import Row
from gateway.policy.purges import Order, Purge, Purges, Scope


@dataclass(slots=True, frozen=True)
class Override:
    """Settings put over a route's. patch: as they would stand in the file. until, at: Unix seconds; None: for good."""

    route: str
    patch: Mapping[str, Any]
    until: float | None
    reason: str
    who: str
    at: float


Table = Mapping[str, Override]
"""All overrides, by route."""


class Start(NamedTuple):
    """The ledger begins here, and what is older is gone. overridden: the overrides' version; 0: there are none."""

    overrides: Table
    overridden: int


Item = Purge | Table | Start
"""What one row says."""


class Change(NamedTuple):
    """What a worker has just heard of. purges: in the order of their versions."""

    purges: tuple[Purge, ...] = ()
    overrides: bool = False


class Lacking(NamedTuple):
    """What the ledger does not say, and this worker knows."""

    orders: tuple[tuple[Order, float], ...] = ()  # with their moments
    overrides: Table | None = None


class Book:
    """purges: shared with those who judge by them. version: of the newest row that is known."""

    def __init__(self, purges: Purges) -> None:
        self.purges = purges
        self.overrides: Table = {}
        self.version = 0
        self.rows = 0  # of the ledger
        self._overridden = 0  # the version of the row that holds the overrides

    def goes_on(self, rows: Sequence[Row]) -> bool:
        """Whether these are the rows behind those that are known."""
        return not rows or _decode(rows[0])[0] == self.version

    def add(self, rows: Iterable[Row]) -> Change:
        """Take rows into account that go on from what is known."""
        purges: list[Purge] = []
        overrides = False
        for row in rows:
            _, item = _decode(row)
            self.version = row.version
            self.rows += 1
            if isinstance(item, Start):
                self.purges.begin(row.version)
                self.rows = 1
                purges.append(_everything(row.version))
                if item.overridden:
                    self.overrides, self._overridden, overrides = item.overrides, item.overridden, True
            elif isinstance(item, Purge):
                self.purges.add(item)
                purges.append(item)
            else:
                self.overrides, self._overridden, overrides = item, row.version, True
        return Change(tuple(purges), overrides)

    def merge(self, rows: Sequence[Row]) -> tuple[Change, Lacking]:
        """Take a whole ledger into account, beside what is known."""
        theirs = Book(Purges())
        theirs.add(rows)
        stands = {row.version for row in rows}
        says = {purge.order: purge.version for purge in theirs.purges}  # the newest of each
        lacking = [
            purge
            for purge in self.purges
            if purge.version > theirs.purges.floor and says.get(purge.order, -1) < purge.version
        ]
        orders = tuple((purge.order, purge.at) for purge in lacking)
        floor, before = self.purges.floor, self.version
        if floor > theirs.purges.floor and floor not in stands:
            orders = ((_EVERYTHING, 0.0), *orders)
        news = [purge for purge in theirs.purges if purge.version > before]
        if theirs.purges.floor > floor:
            news.insert(0, _everything(theirs.purges.floor))
        every = sorted([*theirs.purges, *lacking], key=lambda purge: purge.version)
        newest = max(self.purges.newest, theirs.purges.newest)
        self.purges.begin(max(floor, theirs.purges.floor), every)
        self.purges.newest = newest
        self.version, self.rows = max(before, theirs.version), theirs.rows
        change, table = Change(tuple(news)), None
        if theirs._overridden > self._overridden:
            self.overrides, self._overridden = theirs.overrides, theirs._overridden
            change = change._replace(overrides=True)
        elif self._overridden > theirs._overridden and self._overridden not in stands:
            table = self.overrides
        return change, Lacking(orders, table)

    def whole(self) -> list[Row]:
        """All that is known, as a ledger that begins at the floor and ends with the version that is known."""
        rows = [_row(self.purges.floor, 0, Start(self.overrides, self._overridden))]
        for purge in self.purges:
            rows.append(_row(purge.version, rows[-1].version, purge))
        if rows[-1].version < self.version:
            rows.append(_row(self.version, rows[-1].version, self.overrides))
        return rows


_EVERYTHING = Order(Scope.ALL)


def _everything(version: int) -> Purge:
    return Purge(version, _EVERYTHING, 0.0)


def begin(version: int) -> Row:
    """The first row of a new ledger."""
    return _row(version, 0, Start({}, 0))


def write(known: int, version: int, items: Iterable[tuple[Order, float] | Table]) -> list[Row]:
    """Rows that go on from version `known`, the first of which is of `version`. Orders with their moments."""
    rows: list[Row] = []
    for number, item in enumerate(items, version):
        after = rows[-1].version if rows else known
        rows.append(_row(number, after, Purge(number, *item) if isinstance(item, tuple) else item))
    return rows


def _row(version: int, after: int, item: Item) -> Row:
    said: dict[str, Any] = {"after": after}
    if isinstance(item, Purge):
        scope, value, expire = item.order
        said["purge"] = [scope.value, value, expire, item.at]
    elif isinstance(item, Start):
        said |= {"overrides": _plain(item.overrides), "overridden": item.overridden}
    else:
        said["overrides"] = _plain(item)
    return Row(version, orjson.dumps(said))


def _plain(table: Table) -> list[dict[str, Any]]:
    return [asdict(override) for override in table.values()]


def _decode(row: Row) -> tuple[int, Item]:
    """The version before it, and what it says. ValueError where it is no row of ours."""
    try:
        said = orjson.loads(row.data)
        after = int(said["after"])
        if "purge" in said:
            scope, value, expire, at = said["purge"]
            return after, Purge(row.version, Order(Scope(scope), str(value), bool(expire)), float(at))
        table = {each["route"]: Override(**each) for each in said["overrides"]}
        return after, Start(table, int(said["overridden"])) if after == 0 else table
    except (TypeError, KeyError) as exc:
        raise ValueError("not a row of a ledger") from exc
