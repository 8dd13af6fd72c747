"""Freshness: how long an answer is good for, and how old it already was (RFC 9111 section 4.2). No clock."""

from math import floor
from typing import Literal, NamedTuple

from gateway.model.fields import Fields
from gateway.policy.cachecontrol import MOST_SECONDS, delta_seconds
from gateway.policy.http.dates import http_date
from gateway.policy.http.directives import CDN, Directives, governing

Source = Literal["s-maxage", "max-age", "expires", "heuristic", "none"]

HEURISTICALLY_CACHEABLE = frozenset({200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 451, 501})
"""Statuses whose lifetime may be guessed (RFC 9110 section 15.1; 451: RFC 7725 section 3)."""

MOST_GUESSED = 86_400.0
"""The longest lifetime that is guessed, in seconds: what was not touched for years may still change tomorrow."""

_SHARE = 0.1  # of the time since it was last modified; what section 4.2.2 calls typical


class Lifetime(NamedTuple):
    """How long an answer is fresh, in seconds since it was made, and what says so. immutable: see RFC 8246."""

    seconds: float
    source: Source
    immutable: bool = False

    @property
    def explicit(self) -> bool:
        """Whether the answer says so itself."""
        return self.source not in ("heuristic", "none")

    def left(self, age: float) -> float:
        """Seconds of freshness left at this age; 0 where it is stale (section 4.2)."""
        return max(0.0, self.seconds - age)


def lifetime(
    fields: Fields, status: int, now: float, *, targets: tuple[bytes, ...] = CDN, most_guessed: float = MOST_GUESSED
) -> Lifetime:
    """The freshness lifetime of an answer (section 4.2.1): the first of s-maxage, max-age, Expires, a guess.

    In doubt it is short: a figure that cannot be read is 0, of several the smallest counts, and Expires that says two
    things has passed. With an unqualified `no-cache` nothing is ever fresh, since no use goes without validation.

    now: when the answer came, in Unix seconds. targets: see `governing`. most_guessed: in seconds.
    """
    directives = governing(fields, targets)
    seconds, source = _stated(directives, fields, now)
    if source == "none" and (status in HEURISTICALLY_CACHEABLE or directives.has(b"public")):
        guessed = _guess(fields, now, most_guessed)
        seconds, source = guessed, "heuristic" if guessed > 0 else "none"
    return Lifetime(0.0 if directives.no_cache else seconds, source, directives.has(b"immutable"))


def initial_age(fields: Fields, request_time: float, response_time: float) -> float:
    """corrected_initial_age of section 4.2.3, in seconds: the larger of what Date and what Age say.

    A clock ahead of ours makes nobody younger than it says; one behind ours makes all its answers old, as the RFC
    has it. Times are Unix seconds: when the call began, and when the head of its answer was there.
    """
    # Date has whole seconds: what was made in this one is not old.
    apparent = max(0.0, floor(response_time) - min(_dates(fields, b"date", response_time), default=response_time))
    delay = max(0.0, response_time - request_time)
    return min(max(apparent, _age_value(fields) + delay), float(MOST_SECONDS))


def current_age(initial: float, response_time: float, now: float) -> float:
    """current_age of section 4.2.3, in seconds. A clock that was set back does not make it younger than it came."""
    return min(initial + max(0.0, now - response_time), float(MOST_SECONDS))


def made(fields: Fields, now: float) -> float:
    """When an answer was made, by its Date, in Unix seconds; when it came where that says nothing or several things.

    RFC 9110 section 6.6.1.
    """
    dates = set(_dates(fields, b"date", now))
    return dates.pop() if len(dates) == 1 else now


def _stated(directives: Directives, fields: Fields, now: float) -> tuple[float, Source]:
    shared, own = directives.seconds(b"s-maxage"), directives.seconds(b"max-age")
    if shared is not None:
        return float(shared), "s-maxage"
    if own is not None:
        return float(own), "max-age"
    if b"expires" in fields and not directives.targeted:
        return _until_expires(fields, now), "expires"
    return 0.0, "none"


def _until_expires(fields: Fields, now: float) -> float:
    """Seconds from Date to Expires (section 5.3): 0 where that is no date, or there are two."""
    until = {http_date(line, now) for line in fields.all(b"expires")}
    moment = until.pop()
    if until or moment is None:
        return 0.0
    begun = max(_dates(fields, b"date", now), default=now)
    return min(max(0.0, moment - begun), float(MOST_SECONDS))


def _guess(fields: Fields, now: float, most: float) -> float:
    """A tenth of the time since the answer was last modified (section 4.2.2)."""
    modified = _dates(fields, b"last-modified", now)
    if not modified:
        return 0.0
    begun = min(_dates(fields, b"date", now), default=now)
    return min(max(0.0, (begun - max(modified)) * _SHARE), most)


def _age_value(fields: Fields) -> float:
    """Age in seconds: of a list the first member, and what is no number counts as absent (section 5.1)."""
    members = (fields.joined(b"age") or b"").split(b",")
    return float(delta_seconds(members[0]))


def _dates(fields: Fields, name: bytes, now: float) -> list[float]:
    """The dates that a field's lines bear; there should be one."""
    read = [http_date(line, now) for line in fields.all(name)]
    return [moment for moment in read if moment is not None]
