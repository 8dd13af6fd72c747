"""/admin/bloom: what the filters hold and have done; keys added, files taken or swapped.

A filter's file is what all workers of a host follow, so it is the file that is changed here: within half a second
each of them has swapped it in whole. Other hosts put it into the place of theirs (guard/sharing).
"""

import os
from collections.abc import Callable, Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from gateway.guard.bloom import Figures
from gateway.guard.files import Loaded
from gateway.guard.filterfile import Filter, FilterError, load, save
from gateway.listeners.admin.operation import Call, Nothing, Operation
from gateway.listeners.admin.parts import Parts
from gateway.listeners.admin.problem import Refused
from gateway.listeners.admin.views import FilterView
from gateway.model.errors import StoreUnavailable
from gateway.model.settings.base import Frozen
from gateway.policy.vocabulary import terms

Key = Annotated[str, StringConstraints(min_length=1, max_length=65536)]


class FilterOfWorker(BaseModel):
    """A filter as one worker has it."""

    worker: int
    loaded: bool
    items: int


class FilterReport(FilterView):
    """One route's filter of one kind. What it has done is of all workers together."""

    workers: list[FilterOfWorker] = Field(
        description="what each has, where they differ: for a moment, while a file is taken; of `seen_empty` each has "
        "its own"
    )


class FilterReports(BaseModel):
    """All filters."""

    filters: list[FilterReport]


class Keys(Frozen):
    """What is there now."""

    keys: list[Key] = Field(min_length=1, max_length=10_000, description="ids; of a vocabulary: texts")


class Added(BaseModel):
    """What came of it."""

    added: int = Field(description="that were not known before")
    items: int
    capacity: int
    reaches: Literal["all hosts", "this host"] = Field(
        description="who has it within a second or so; this host: no Redis is shared with others, or the file is over "
        "32 MiB"
    )


class File(Frozen):
    """A filter that was built beside the one in use."""

    file: str = Field(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,200}$",
        description="its name, in the folder of the one in use, in whose place it is put",
    )


_FILES = ("known", "vocabulary")


def operations(parts: Parts) -> list[Operation]:
    """The endpoints."""

    async def states(_: Call) -> FilterReports:
        return FilterReports(filters=together({view.worker: view.filters for view in parts.views()}))

    async def changed(call: Call, change: Callable[[Loaded], tuple[int, Filter]]) -> Added:
        """One change at a time, in a thread: a large file takes a second."""
        route, kind = call.path["route"], call.path["kind"]
        file = _file(parts, route, kind)
        if file is None:
            raise Refused(404, "no filter of this kind on this route that has a file and is in use")
        made: list[tuple[int, Filter]] = []
        before = len(file.filter) if file.filter is not None else 0
        try:
            everywhere = await parts.sharing.change(file, lambda: made.append(change(file)))
        except FilterError as exc:
            raise Refused(409, f"{os.path.basename(file.path)}: {exc}") from None
        except OSError as exc:
            raise Refused(409, f"{os.path.basename(file.path)}: {exc.strerror or exc}") from None
        except StoreUnavailable as exc:
            done = "it was changed on this host; others hear of it later" if made else "nothing was changed"
            raise Refused(503, f"{done}: {exc}") from None
        added, filter = made[-1]
        call.before, call.after = {"items": before}, {"items": len(filter)}
        reaches: Literal["all hosts", "this host"] = "all hosts" if everywhere else "this host"
        return Added(added=added, items=len(filter), capacity=filter.capacity, reaches=reaches)

    async def add(call: Call) -> Added:
        return await changed(call, lambda file: _add(file, call.body.keys))

    async def swap(call: Call) -> Added:
        return await changed(call, lambda file: _swap(file, call.body.file))

    async def reload(call: Call) -> Added:
        return await changed(call, lambda file: (0, load(file.path, file.kind)))

    refusals = {
        404: "No such filter",
        409: "The file cannot be used; the one before stays in force",
        503: "Redis is away, by which other hosts would hear of it",
    }
    path = "/admin/bloom/{route}/{kind}"
    return [
        Operation("GET", "/admin/bloom", "All filters", states, FilterReports),
        Operation("POST", f"{path}/keys", "Add what is there now", add, Added, Keys, refusals=refusals, changes=True),
        Operation("POST", f"{path}/swap", "Put another file in its place", swap, Added, File,
                  refusals=refusals, changes=True),
        Operation("POST", f"{path}/reload", "Read the file now, and say what is wrong with it", reload, Added, Nothing,
                  refusals=refusals, changes=True),
    ]  # fmt: skip


def _file(parts: Parts, route: str, kind: str) -> Loaded | None:
    return parts.filters.of_route(route).get(kind) if kind in _FILES else None


def _add(file: Loaded, keys: list[str]) -> tuple[int, Filter]:
    was = os.stat(file.path).st_ino
    filter = load(file.path, file.kind)
    added = 0
    for key in keys:
        for one in (key,) if file.kind == "known" else terms(key):
            added += filter.add(one)
    if os.stat(file.path).st_ino != was:
        raise FilterError("it was replaced meanwhile; ask again")
    save(filter, file.path)
    return added, filter


def _swap(file: Loaded, name: str) -> tuple[int, Filter]:
    filter = load(os.path.join(os.path.dirname(file.path), name), file.kind)
    save(filter, file.path)
    return 0, filter


Mode = Literal["enforce", "observe", "off"]


def seen(parts: Parts) -> list[FilterView]:
    """What this worker has."""
    found = []
    for route, kind, figures in parts.filters.figures():
        rule = parts.pipeline.plan.rule(route)
        settings = getattr(rule.route.bloom, kind) if rule is not None else None
        if settings is not None:
            found.append(_view(route, kind, settings.mode, figures, _file(parts, route, kind)))
    return found


def _view(route: str, kind: str, mode: Mode, figures: Figures, file: Loaded | None) -> FilterView:
    filter = file.filter if file is not None else None
    return FilterView(
        route=route, kind=kind, mode=mode, file=file.path if file is not None else None, loaded=bool(figures.loaded),
        items=figures.items, capacity=figures.capacity,
        error_rate=filter.expected_rate if filter is not None else None,
        rejected=figures.rejected, observed=figures.observed, sampled=figures.sampled,
        empty=figures.empty, found=figures.found, unknown=figures.unknown, refused_files=figures.refused,
    )  # fmt: skip


_DONE = ("rejected", "observed", "sampled", "empty", "found", "unknown", "refused_files")


def together(views: Mapping[int, list[FilterView]]) -> list[FilterReport]:
    """What workers have, by their numbers. The first one's filters are told of."""
    made = []
    for first in next(iter(views.values())):
        name = (first.route, first.kind)
        each = {w: one for w, view in views.items() for one in view if (one.route, one.kind) == name}
        own = [FilterOfWorker(worker=w, loaded=one.loaded, items=one.items) for w, one in each.items()]
        same = len({(one.loaded, one.items) for one in own}) == 1
        said = first.model_dump() | {figure: sum(getattr(one, figure) for one in each.values()) for figure in _DONE}
        said["loaded"] = all(one.loaded for one in own)
        made.append(FilterReport(**said, workers=[] if same else own))
    return made
