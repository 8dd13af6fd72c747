"""Bloom: what a route's filters say of a request that memory could not answer, and how often they are wrong.

Three kinds, alone or together: `known` (the ids that there are), `vocabulary` (the terms that there are) and
`seen_empty` (the questions that came back empty). One that is enforced rejects; one that is observed only counts. Of
what would be rejected, some is asked all the same, and the answers are compared with what the filters had said.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from gateway.guard.files import FilterFiles, Loaded
from gateway.guard.generations import Generations
from gateway.model.entry import Entry, EntryFlag
from gateway.model.exchange import Request
from gateway.model.outcome import Reason
from gateway.model.settings.guards import BloomSettings, SeenEmptySettings
from gateway.model.settings.route import RouteSettings
from gateway.policy.document import Document
from gateway.policy.evidence import Ids, Texts
from gateway.policy.purges import Order, Scope
from gateway.policy.vocabulary import query_terms

KINDS: dict[str, Reason] = {
    "known": Reason.BLOOM_KNOWN,
    "seen_empty": Reason.BLOOM_SEEN_EMPTY,
    "vocabulary": Reason.BLOOM_VOCABULARY,
}
_NOTHING_THERE = (404, 410)


@dataclass(slots=True)
class Figures:
    """What one route's filter of one kind has done, and what it is now.

    rejected, observed, sampled: requests that it was against: rejected; let through as it is not enforced; let
    through as a sample. empty, found: how those ended that were asked upstream all the same; unknown: neither.
    """

    rejected: int = 0
    observed: int = 0
    sampled: int = 0
    empty: int = 0
    found: int = 0
    unknown: int = 0
    refused: int = 0
    items: int = 0
    capacity: int = 0
    loaded: int = 0


@dataclass(slots=True, frozen=True)
class Opinion:
    """reason: why the request is rejected; None: it may pass. doubts: the kinds that were against it.
    spared: it would be rejected, but for shadow mode.
    """

    reason: Reason | None = None
    doubts: tuple[str, ...] = ()
    spared: bool = False


_PASS = Opinion()


@dataclass(slots=True, frozen=True)
class Asked:
    """What is asked: a request, its body, its key; and whether what came back before is no reason."""

    request: Request
    document: Document
    key: bytes
    anew: bool


SaysNo = Callable[[Asked], bool]


class RouteFilters:
    """One route's filters, compiled."""

    __slots__ = ("_against", "_figures", "_modes", "_random", "_sample", "seen_empty")

    def __init__(
        self,
        route: RouteSettings,
        files: dict[str, Loaded],
        seen_empty: Generations | None,
        figures: dict[str, Figures],
        random: Callable[[], float],
    ) -> None:
        bloom = route.bloom
        self._modes = _modes(bloom)
        self._sample = bloom.sample.share
        self._figures = figures
        self._random = random
        self.seen_empty = seen_empty
        against: list[tuple[str, SaysNo]] = []  # the dearest last
        if "known" in self._modes and bloom.known is not None:
            against.append(("known", _unknown_id(files["known"], Ids(bloom.known, route.match.paths))))
        if seen_empty is not None:
            against.append(("seen_empty", lambda asked: not asked.anew and asked.key in seen_empty))
        if "vocabulary" in self._modes and bloom.vocabulary is not None:
            against.append(("vocabulary", _no_shared_term(files["vocabulary"], Texts(bloom.vocabulary, route))))
        self._against = tuple(against)

    def ask(self, request: Request, document: Document, key: bytes, *, anew: bool, shadow: bool = False) -> Opinion:
        """What the filters say, and count it. The first enforced one that is against it settles it.

        anew: the client wants no stored answer, so what came back before is no reason. shadow: nobody is rejected.
        """
        asked = Asked(request, document, key, anew)
        doubts: list[str] = []
        spared = False
        sampled: bool | None = None
        for kind, says_no in self._against:
            if not says_no(asked):
                continue
            doubts.append(kind)
            figures = self._figures[kind]
            if shadow or self._modes[kind] != "enforce":
                figures.observed += 1
                spared = spared or self._modes[kind] == "enforce"
                continue
            sampled = self._random() < self._sample if sampled is None else sampled
            if not sampled:
                figures.rejected += 1
                return Opinion(KINDS[kind], tuple(doubts))
            figures.sampled += 1
        return Opinion(None, tuple(doubts), spared) if doubts else _PASS

    def opinions(self, request: Request, document: Document, key: bytes) -> list[tuple[str, str, bool]]:
        """For an operator: each kind, its mode, and whether it is against the request. Counts nothing."""
        asked = Asked(request, document, key, anew=False)
        return [(kind, self._modes[kind], says_no(asked)) for kind, says_no in self._against]

    def answered(self, key: bytes, status: int, entry: Entry | None, doubts: Iterable[str] = ()) -> None:
        """The upstream has answered. entry: what is stored of it. doubts: the kinds that had been against asking."""
        empty = entry is not None and bool(entry.flags & EntryFlag.EMPTY)
        for kind in doubts:
            figures = self._figures[kind]
            if empty or status in _NOTHING_THERE:
                figures.empty += 1
            elif entry is not None:
                figures.found += 1
            else:
                figures.unknown += 1
        if entry is not None:
            self.learn(key, entry)

    def learn(self, key: bytes, entry: Entry) -> None:
        """An answer has come from the upstream, or from another worker by way of a shared tier."""
        if self.seen_empty is not None and entry.flags & EntryFlag.EMPTY:
            self.seen_empty.add(key, entry.tags)


def _modes(bloom: BloomSettings) -> dict[str, str]:
    """The modes of the filters that are in use."""
    stated = {kind: getattr(bloom, kind) for kind in KINDS}
    return {kind: filter.mode for kind, filter in stated.items() if filter is not None and filter.mode != "off"}


def _unknown_id(file: Loaded, ids: Ids) -> SaysNo:
    """-> whether a request names ids, and none of them is known."""

    def says_no(asked: Asked) -> bool:
        filter = file.filter
        if filter is None:
            return False
        named = ids.of(asked.request, asked.document)
        return bool(named) and not any(text in filter for text in named)

    return says_no


def _no_shared_term(file: Loaded, texts: Texts) -> SaysNo:
    """-> whether a query has terms that count, all of them were looked at, and none is the corpus's."""

    def says_no(asked: Asked) -> bool:
        filter = file.filter
        if filter is None:
            return False
        terms, whole = query_terms(texts.of(asked.document))
        return whole and bool(terms) and not any(term in filter for term in terms)

    return says_no


@dataclass(slots=True)
class _SeenEmpty:
    """What a reload must not forget."""

    settings: SeenEmptySettings
    generations: Generations


@dataclass(slots=True)
class Filters:
    """All filters of one worker. random: [0, 1). clock: monotonic seconds."""

    random: Callable[[], float]
    clock: Callable[[], float] = time.monotonic
    files: FilterFiles = field(default_factory=FilterFiles)
    _seen: dict[str, _SeenEmpty] = field(default_factory=dict)
    _loaded: dict[tuple[str, str], Loaded] = field(default_factory=dict)
    _figures: dict[tuple[str, str], Figures] = field(default_factory=dict)

    def of(self, routes: Iterable[RouteSettings]) -> dict[str, RouteFilters]:
        """The filters of these routes, by name; only of those that have some. What is as before is kept as it is."""
        self._loaded = {}
        made = {route.name: self._route(route) for route in routes if _modes(route.bloom)}
        self.files.keep(list(self._loaded.values()))
        self._seen = {
            name: seen for name, seen in self._seen.items() if name in made and made[name].seen_empty is not None
        }
        return made

    def _route(self, route: RouteSettings) -> RouteFilters:
        modes = _modes(route.bloom)
        files: dict[str, Loaded] = {}
        if "known" in modes and route.bloom.known is not None:
            files["known"] = self.files.of(route.bloom.known.file, "known")
        if "vocabulary" in modes and route.bloom.vocabulary is not None:
            files["vocabulary"] = self.files.of(route.bloom.vocabulary.file, "vocabulary")
        self._loaded |= {(route.name, kind): file for kind, file in files.items()}
        figures = {kind: self._figures.setdefault((route.name, kind), Figures()) for kind in modes}
        seen = self._generations(route) if "seen_empty" in modes else None
        return RouteFilters(route, files, seen, figures, self.random)

    def _generations(self, route: RouteSettings) -> Generations | None:
        settings = route.bloom.seen_empty
        if settings is None:
            return None
        known, sizes = self._seen.get(route.name), settings.model_copy(update={"mode": "off"})
        if known is None or known.settings != sizes:
            made = Generations(settings.capacity, settings.generations, settings.rotate, self.clock)
            known = self._seen[route.name] = _SeenEmpty(sizes, made)
        return known.generations

    def forget(self, route: str | None = None) -> None:
        """What came back empty may be there now: after a purge of a route (None: of all)."""
        for name, seen in self._seen.items():
            if route in (None, name):
                seen.generations.forget()

    def of_route(self, route: str) -> dict[str, Loaded]:
        """The files of a route's filters, by kind."""
        return {kind: file for (name, kind), file in self._loaded.items() if name == route}

    def shared(self) -> dict[str, Loaded]:
        """Each file in use once, under a name that it has on all hosts: the first route's that has it."""
        names: dict[str, Loaded] = {}
        for (route, kind), file in self._loaded.items():
            if not any(file is other for other in names.values()):
                names[f"{route} {kind}"] = file
        return names

    def purged(self, order: Order) -> None:
        """What came back empty, and has been purged, must not be said to be so any more.

        One key cannot be taken out of a filter, nor can its variants be told: then all is forgotten. A void is of a
        route by RFC 9111, which has no such filter; and clients must not be able to have the others' forgotten.
        """
        if order.scope is Scope.VOID:
            return
        if order.scope is Scope.TAG:
            for seen in self._seen.values():
                if seen.generations.bears(order.value):
                    seen.generations.forget()
        else:
            self.forget(order.value if order.scope is Scope.ROUTE else None)

    def figures(self) -> Iterable[tuple[str, str, Figures]]:
        """Route, kind and figures as they are now."""
        for (route, kind), figures in self._figures.items():
            if (file := self._loaded.get((route, kind))) is not None:
                filter, figures.refused = file.filter, file.refused
                figures.loaded = int(filter is not None)
                figures.items = len(filter) if filter is not None else 0
                figures.capacity = filter.capacity if filter is not None else 0
            elif (seen := self._seen.get(route)) is not None and kind == "seen_empty":
                figures.items, figures.capacity = len(seen.generations), seen.settings.capacity
                figures.loaded = 1
            else:  # no route has it any more
                figures.items = figures.capacity = figures.loaded = 0
            yield route, kind, figures
