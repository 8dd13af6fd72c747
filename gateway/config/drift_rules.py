"""Rules over how it is found out whether stored answers are still right."""

from collections.abc import Iterator

from gateway.config.findings import Finding
from gateway.config.places import Path, Source
from gateway.model.settings.drift import DriftSettings
from gateway.model.settings.route import RouteSettings


def check_drift(route: RouteSettings, path: Path, source: Source) -> Iterator[Finding]:
    """Findings about one route."""
    at, stated, usual = (*path, "drift"), route.drift, DriftSettings()
    sample, ignore = (*at, "sample"), (*at, "ignore")
    if not stated.accept.share:
        yield Finding((*at, "accept"), "0: no number of comparisons could show that; expected a share such as 1%")
    if not stated.sample.share:
        for name in ("rate", "at_once", "similarity", "ignore", "accept"):
            if source.wrote((*at, name)) and getattr(stated, name) != getattr(usual, name):
                text = "no effect: sample is 0; expected a share such as 0.1%"
                yield Finding((*at, name), text, warning=True, also=(sample,))
        return
    if route.cache.mode == "off":
        yield Finding(sample, "no effect: cache.mode is off", warning=True, also=((*path, "cache", "mode"),))
    shape, shown = route.shape, (*path, "shape")
    plain, streamed = _stated(shape.answer, shape.documents), _stated(shape.delta, shape.event_documents)
    if stated.ignore and plain and streamed:
        yield Finding(ignore, "no effect: shape tells what counts", warning=True, also=(shown,))
    elif not (plain or streamed or stated.ignore):
        text = "ids and times in answers count as drift; expected shape.answer, shape.documents or drift.ignore"
        yield Finding(sample, text, warning=True, also=(ignore, shown))


def _stated(*pointers: str | None) -> bool:
    return any(pointer is not None for pointer in pointers)
