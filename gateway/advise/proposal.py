"""Proposal: which lifetime and sizes a forecast speaks for, and the configuration that says so. No I/O."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

import orjson

from gateway.advise.formats import Place
from gateway.config.load import parse
from gateway.config.presets import presets
from gateway.model.errors import ConfigError
from gateway.model.units import format_duration, format_size
from gateway.policy.forecast import Forecast

TTLS = (10.0, 60.0, 300.0, 600.0, 1800.0, 3600.0, 21_600.0, 86_400.0, 604_800.0)
MIB = 1 << 20
SIZES = tuple(MIB << shift for shift in range(0, 18, 2))  # 1 MiB to 64 GiB

ENOUGH = 0.9
"""Of the hits that the longest lifetime brings: what is beyond costs old answers, and brings little."""
_LOSS = 0.01
_ROUTES = 20
_LEAST_L1, _MOST_L1, _LEAST_L2 = 16 * MIB, 1 << 30, 64 * MIB
_ROOM = 1.25  # what is stored varies; and a disk's map needs some of its own
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_PATH = re.compile(r"/[A-Za-z0-9/._~-]{0,199}")


@dataclass(frozen=True, slots=True)
class Proposal:
    """ttl: seconds. l1, l2: bytes. hits, longest_hits: shares with this and with the longest lifetime allowed.

    calls, busiest: upstream calls a second, on average and in the busiest minute. at_once: calls under way then, where
    it is known how long they take. row: of the forecast.
    """

    row: int
    ttl: float
    l1: int
    l2: int
    hits: float
    longest_hits: float
    calls: float
    busiest: float
    at_once: float | None


def propose(forecast: Forecast, longest: float, seconds: float | None) -> Proposal:
    """The shortest lifetime that brings nearly all of the hits, and room for what that keeps.

    longest: how old answers may be, in seconds. seconds: what an upstream call takes, where that is known.
    """
    allowed = [row for row, ttl in enumerate(forecast.ttls) if ttl <= longest] or [0]
    most = forecast.hits[allowed[-1]][-1]
    row = next(row for row in allowed if forecast.hits[row][-1] >= ENOUGH * most)
    hits = forecast.hits[row]
    l2 = _smallest(forecast, row, hits[-1] - _LOSS)
    l1 = _smallest(forecast, row, ENOUGH * hits[-1])
    busiest = forecast.busiest[row]
    return Proposal(
        row=row,
        ttl=forecast.ttls[row],
        l1=min(max(l1, _LEAST_L1), _MOST_L1, max(l2, _LEAST_L1)),
        l2=max(l2, _LEAST_L2),
        hits=hits[-1],
        longest_hits=most,
        calls=forecast.calls[row][-1] / max(forecast.span, 1.0),
        busiest=busiest,
        at_once=None if seconds is None else busiest * seconds,
    )


def _smallest(forecast: Forecast, row: int, wanted: float) -> int:
    """The smallest size with so many hits, or what is fresh at once, whichever is less; a power of two."""
    fresh = 2 ** math.ceil(math.log2(max(forecast.live[row] * _ROOM, 1)))
    enough = [size for size, hits in zip(forecast.sizes, forecast.hits[row], strict=True) if hits >= wanted]
    return int(min([fresh, *(size for size in enough if size != inf)]))


def configuration(proposal: Proposal, places: Mapping[Place, int]) -> str:
    """A whole file, which `ragfront check` passes: what is proposed, and what stands to be filled in."""
    lines = [
        "upstreams:",
        "  rag:",
        "    urls: [http://rag:8000] # yours",
    ]
    if proposal.at_once is not None and proposal.at_once >= 1:
        limit = min(math.ceil(1.5 * proposal.at_once), 65_536)
        lines += [
            f"    # In the busiest minute {proposal.at_once:.1f} calls are under way at once.",
            f"    concurrency: {{mode: adaptive, limit: {limit}, max: {max(256, 4 * limit)}}}",
        ]
    lines += [
        f"l1: {{max_bytes: {format_size(proposal.l1)}}} # of each worker: {ENOUGH:.0%} of the hits",
        f"l2: {{disk: {{max_bytes: {format_size(proposal.l2)}}}}} # or Redis, with as much",
        "routes:",
    ]
    cache = f"    cache: {{ttl: {format_duration(proposal.ttl)}}}"
    for route in _routes(places):
        more = [f"  - {route[0]}", *(f"    {line}" for line in route[1:]), cache]
        # A log does not tell routes of the same path apart: the second of them would never be reached.
        lines += more if _passes([*lines, *more]) else [f"  # {route[0]}: the same cache"]
    return "\n".join(lines) + "\n"


def _passes(lines: list[str]) -> bool:
    try:
        parse("\n".join(lines), "advice", {})
    except ConfigError:
        return False
    return True


def _routes(places: Mapping[Place, int]) -> list[list[str]]:
    """The beginnings of routes, line by line, those asked most first. Nothing of a log gets in that is not plain."""
    routes: dict[str, Place] = {}
    for place in sorted(places, key=lambda place: -places[place]):
        if _NAME.fullmatch(place.route) and place.route not in routes and len(routes) < _ROUTES:
            routes[place.route] = place
    if not routes:
        paths = [place.path for place in places if place.method == "GET" and _PATH.fullmatch(place.path)][:_ROUTES]
        match = f"{{method: GET, path: {_list(paths)}}}" if paths else None
        return (
            [["name: questions", f"match: {match}"]] if match else [["preset: rag # or another; see ragfront presets"]]
        )
    return [_route(name, place) for name, place in routes.items()]


def _route(name: str, place: Place) -> list[str]:
    if name in presets():
        return [f"preset: {name}"]
    found = [f"name: {_text(name)}"]
    if _PATH.fullmatch(place.path) and place.method.isalpha():
        found.append(f"match: {{method: {_text(place.method)}, path: {_text(place.path)}}} # and what else it says")
    return found


def _text(value: str) -> str:
    """JSON is YAML: whatever stands in it stays a text."""
    return orjson.dumps(value).decode()


def _list(values: list[str]) -> str:
    return f"[{', '.join(map(_text, values))}]"
