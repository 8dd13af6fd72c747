"""Rules over a route's degrade ladder: rungs that can never be there, and documents that might be another's."""

from collections.abc import Iterator, Mapping

from gateway.config.findings import Finding
from gateway.config.places import Path, Source
from gateway.config.pointers import covering, touching
from gateway.config.stated_rules import check_stated
from gateway.model.settings.degrade import RetrievalSettings
from gateway.model.settings.route import RouteSettings
from gateway.model.settings.upstream import UpstreamSettings
from gateway.model.units import format_duration
from gateway.policy.ladder import ASKED, WORDS
from gateway.policy.template import placeholders


def check_degrade(
    route: RouteSettings, path: Path, source: Source, upstreams: Mapping[str, UpstreamSettings]
) -> Iterator[Finding]:
    """Findings about one route."""
    degrade, at = route.degrade, (*path, "degrade")
    ladder = (*at, "ladder")
    for index, rung in enumerate(degrade.ladder):
        if rung in degrade.ladder[:index]:
            yield Finding((*ladder, index), "stated twice", warning=True)
    if "static" in degrade.ladder and degrade.static is None:
        yield Finding(ladder, "static is not stated; expected degrade.static beside it", also=((*at, "static"),))
    if degrade.static is not None:
        yield from check_stated(degrade.static, (*at, "static"))
        if "static" not in degrade.ladder:
            text = "no effect: static is not in degrade.ladder"
            yield Finding((*at, "static"), text, warning=True, also=(ladder,))
    if degrade.after and not degrade.ladder:
        yield Finding((*at, "after"), "no effect: degrade.ladder is empty", warning=True, also=(ladder,))
    if degrade.ladder != ("stale",) and degrade.ladder and route.cache.mode != "on":
        text = f"no effect: cache.mode is {route.cache.mode}"
        yield Finding(ladder, text, warning=True, also=((*path, "cache", "mode"),))
    upstream = upstreams.get(route.upstream)
    total = upstream.timeouts.total if upstream is not None else 0
    if degrade.after and total and degrade.after >= total:
        text = f"no effect: the upstream's timeouts.total ({format_duration(total)}) ends the call before"
        yield Finding((*at, "after"), text, warning=True, also=(("upstreams", route.upstream, "timeouts", "total"),))
    yield from _check_docs(route, path, source, upstreams)


def _check_docs(
    route: RouteSettings, path: Path, source: Source, upstreams: Mapping[str, UpstreamSettings]
) -> Iterator[Finding]:
    docs, at = route.degrade.docs, (*path, "degrade", "docs")
    ladder = (*path, "degrade", "ladder")
    if docs.answer is not None:
        yield from check_stated(docs.answer, (*at, "answer"), WORDS)
    if docs.request is not None:
        yield from _check_request(docs.request, route, path, upstreams)
    if "docs" not in route.degrade.ladder:
        if source.wrote((*at, "request")):
            yield Finding((*at, "request"), "no effect: docs is not in degrade.ladder", warning=True, also=(ladder,))
        return
    shape = route.shape
    if docs.request is None and (not docs.remember or shape.documents is None) and shape.event_documents is None:
        text = (
            "there can be none; expected degrade.docs.request, or shape.documents to remember those of earlier answers"
        )
        yield Finding(ladder, text, also=((*at, "request"), (*at, "remember"), (*path, "shape")))
    if docs.answer is None and shape.documents is None:
        text = 'clients get {"documents": [...]}; for the form of the service: degrade.docs.answer, or shape.documents'
        yield Finding(ladder, text, warning=True, also=((*at, "answer"), (*path, "shape")))
    if docs.hedge_at is not None and route.degrade.after and docs.hedge_at >= route.degrade.after:
        text = f"documents are not there in time; expected less than after ({format_duration(route.degrade.after)})"
        yield Finding((*at, "hedge_at"), text, warning=True, also=((*path, "degrade", "after"),))


def _check_request(
    request: RetrievalSettings, route: RouteSettings, path: Path, upstreams: Mapping[str, UpstreamSettings]
) -> Iterator[Finding]:
    at = (*path, "degrade", "docs", "request")
    if request.upstream is not None and request.upstream not in upstreams:
        yield Finding((*at, "upstream"), f"no such upstream; expected one of {', '.join(sorted(upstreams))}")
    if request.method == "GET" and request.body is not None:
        yield Finding((*at, "body"), "GET has none; expected method: POST", also=((*at, "method"),))
    key = (*path, "key")
    for where, stated in (("path", request.path), ("body", request.body)):
        for name in sorted(placeholders(stated, ASKED)):
            if name in ASKED and route.shape.query is None:
                yield Finding(
                    (*at, where), "where does the query stand? Expected shape.query", also=((*path, "shape"),)
                )
                continue
            pointer = route.shape.query or "" if name in ASKED else name
            hidden = covering(route.key.ignore, pointer)
            if hidden or (route.key.body != "all" and not touching(route.key.body, pointer)):
                text = f"{{{name}}} is not part of the key: those who ask alike would get each other's documents"
                yield Finding((*at, where), text, also=(key,))
