"""Drift: does what the upstream says now differ from what is served, and which lifetime is borne out? No clock."""

from collections.abc import Iterable
from enum import StrEnum
from math import ceil, inf
from typing import NamedTuple

from gateway.policy.gist import Gist
from gateway.policy.shingles import likeness


class Drift(StrEnum):
    """How an answer and the one that came later to the same question compare."""

    SAME = "same"
    DOCUMENTS = "documents"  # it comes from other documents
    TEXT = "text"  # the generated answer says something else
    OTHER = "other"  # the status differs, or what counts where no shape is known
    FAILED = "failed"  # there was no later answer


AGES = {
    "10s": 10.0,
    "1m": 60.0,
    "5m": 300.0,
    "15m": 900.0,
    "1h": 3600.0,
    "6h": 21_600.0,
    "1d": 86_400.0,
    "7d": 604_800.0,
}
"""Ages up to so many seconds are told together, under this name; older ones as `older`."""

OLDER = "older"
_BOUNDS = (*AGES.items(), (OLDER, inf))
_FADES_AT = 10_000


def compare(served: Gist, now: Gist, similarity: float) -> Drift:
    """Documents come first: where they differ, the text need not be looked at.

    similarity: of texts that count as the same, from 0 to 1.
    """
    if served.status != now.status:
        return Drift.OTHER
    if served.documents != now.documents:
        return Drift.DOCUMENTS
    if served.text is not None and now.text is not None:
        if likeness(served.text, now.text) < similarity:
            return Drift.TEXT
    elif served.text != now.text:
        return Drift.OTHER
    return Drift.SAME if served.rest == now.rest else Drift.OTHER


def age_group(age: float) -> str:
    """The name of the ages that are told together with this one."""
    return next(name for name, bound in _BOUNDS if age <= bound)


class Seen(NamedTuple):
    """Of entries of about one age. oldest: seconds. compared, differed: how many; what is long past counts for less."""

    oldest: float
    compared: float
    differed: float


class Evidence:
    """What has been compared of one route, by age."""

    def __init__(self) -> None:
        self._seen: dict[str, Seen] = {}

    def add(self, age: float, result: Drift) -> None:
        """One comparison. After 10,000, those that were before count for half."""
        if result is Drift.FAILED:
            return
        name = age_group(age)
        seen = self._seen.get(name, Seen(0.0, 0, 0))
        differs = result is not Drift.SAME
        self._seen[name] = Seen(max(seen.oldest, age), seen.compared + 1, seen.differed + differs)
        if sum(each.compared for each in self._seen.values()) >= _FADES_AT:
            self._seen = {
                name: Seen(each.oldest, each.compared / 2, each.differed / 2) for name, each in self._seen.items()
            }

    def seen(self) -> list[Seen]:
        """By age, the youngest first."""
        return [self._seen[name] for name, _ in _BOUNDS if name in self._seen]


def suggest(seen: Iterable[Seen], accept: float) -> float | None:
    """The longest lifetime, in seconds, with which the share of hits that differ is expected to be `accept` at most.

    Hits come at all ages up to the lifetime, as often as those that were compared: their share is that of all compared
    up to this age. Nothing is said beyond the oldest age that was seen: a longer lifetime has to be tried. 0 where even
    the youngest differ too often. None where too few were compared: by the rule of three (Hanley and Lippman-Hand,
    "If Nothing Goes Wrong, Is Everything All Right?", JAMA 1983), none that differs among 3 / accept says with 95 %
    confidence that the share is below `accept`.
    """
    compared = differed = 0.0
    enough, longest = ceil(3 / accept), None
    for each in seen:
        compared += each.compared
        differed += each.differed
        if compared >= enough:
            longest = each.oldest if differed <= accept * compared else longest or 0.0
    return longest
