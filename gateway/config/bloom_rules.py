"""Rules over a route's filters, and over the answer that a rejected request gets. Looks whether files are there."""

import os
from collections.abc import Iterator

from gateway.config.findings import Finding
from gateway.config.places import Path
from gateway.config.stated_rules import check_stated
from gateway.model.settings.guards import KnownSettings, SeenEmptySettings, VocabularySettings
from gateway.model.settings.route import RouteSettings
from gateway.model.units import format_duration
from gateway.policy.evidence import place, segments


def check_bloom(route: RouteSettings, path: Path, *, body: bool) -> Iterator[Finding]:
    """Findings about one route. body: its requests may have one."""
    bloom, at = route.bloom, (*path, "bloom")
    if bloom.known is not None:
        yield from _check_known(bloom.known, route, path, body=body)
    if bloom.vocabulary is not None:
        yield from _check_vocabulary(bloom.vocabulary, route, path, body=body)
    if bloom.seen_empty is not None:
        yield from _check_seen_empty(bloom.seen_empty, route, path)
    stated = {
        name: filter.mode
        for name in ("known", "vocabulary", "seen_empty")
        if (filter := getattr(bloom, name)) is not None and filter.mode != "off"
    }
    if stated and route.cache.mode == "off":
        yield Finding(at, "no effect: cache.mode is off", warning=True, also=((*path, "cache", "mode"),))
    answer = (*path, "empty", "answer")
    if route.empty.answer is not None:
        yield from check_stated(route.empty.answer, answer)
        if "enforce" not in stated.values():
            text = "no effect: no filter in bloom is in mode enforce"
            yield Finding(answer, text, warning=True, also=(at,))
        return
    for name in ("vocabulary", "seen_empty"):
        if stated.get(name) == "enforce":
            text = "clients get 404 where the service would say that it has nothing; expected empty.answer beside it"
            yield Finding((*at, name), text, warning=True, also=(answer,))
            return


def _check_known(known: KnownSettings, route: RouteSettings, path: Path, *, body: bool) -> Iterator[Finding]:
    at = (*path, "bloom", "known")
    yield from _check_file(known.file, (*at, "file"))
    also = ((*path, "match"),)
    if known.at.startswith("{"):
        names = segments(route.match.paths)
        if known.at[1:-1] in names:
            if place(known.at, route.match.paths) < 0:
                text = f"{known.at} does not stand at one and the same place in all paths of match.path"
                yield Finding((*at, "at"), text, also=also)
        else:
            there = f"; expected one of {', '.join('{' + name + '}' for name in names)}" if names else ""
            yield Finding((*at, "at"), f"match.path has no segment {known.at}{there}", also=also)
    elif not body:
        yield Finding(
            (*at, "at"), "requests of these methods have no body; expected a segment of match.path", also=also
        )


def _check_vocabulary(words: VocabularySettings, route: RouteSettings, path: Path, *, body: bool) -> Iterator[Finding]:
    at = (*path, "bloom", "vocabulary")
    yield from _check_file(words.file, (*at, "file"))
    if not body:
        yield Finding(at, "requests of these methods have no body", also=((*path, "match"),))
    elif not words.pointers and route.shape.query is None:
        text = "where does the query stand? Expected pointers such as [/query], or shape.query"
        yield Finding(at, text, also=((*path, "shape"),))
    if not route.empty.when and words.mode != "off":
        text = "empty.when says of no answer that it is empty: every answer counts as one that was found after all"
        yield Finding(at, text, warning=True, also=((*path, "empty"),))


def _check_seen_empty(seen: SeenEmptySettings, route: RouteSettings, path: Path) -> Iterator[Finding]:
    at, empty = (*path, "bloom", "seen_empty"), (*path, "empty")
    if not route.empty.when:
        yield Finding(at, "never filled: empty.when says of no answer that it is empty", also=(empty,))
        return
    kept = seen.rotate * (seen.generations - 1)
    if kept <= route.empty.ttl:
        text = f"no effect: it may forget after {format_duration(kept)}, and null markers last {{}} (empty.ttl)"
        yield Finding((*at, "rotate"), text.format(format_duration(route.empty.ttl)), warning=True, also=(empty,))


def _check_file(file: str, path: Path) -> Iterator[Finding]:
    if not os.path.isfile(file):
        where = f" (from {os.getcwd()})" if not file.startswith("/") else ""
        yield Finding(path, f"no such file{where}; `ragfront bloom build` makes one")
    elif not os.access(file, os.R_OK):
        yield Finding(path, "a file that this user may not read")
