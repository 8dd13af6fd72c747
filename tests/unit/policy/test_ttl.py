from email.utils import formatdate
from typing import Any

import pytest

from gateway.model.fields import Fields, Pairs
from gateway.policy.ttl import Lifetimes, lifetimes, longest
from tests.support.policy import route

NOW = 1_700_000_000.0
STEADY = {"ttl": "10m", "jitter": 0, "stale_while_revalidate": "1m", "stale_if_error": "1h"}


def of(fields: Pairs = (), *, empty: bool = False, random: float = 0.5, **cache: Any) -> Lifetimes:
    return lifetimes(route(cache={**STEADY, **cache}), Fields(fields), empty, NOW, lambda: random)


def control(value: bytes) -> Pairs:
    return ((b"Cache-Control", value),)


def date(offset: float) -> bytes:
    return formatdate(NOW + offset, usegmt=True).encode()


@pytest.mark.parametrize(
    ("jitter", "random", "fresh"),
    [
        (0, 0.0, 600),
        ("10%", 0.0, 540),
        ("10%", 0.5, 600),
        ("10%", 1.0, 660),
        ("30s", 0.0, 570),
        ("30s", 1.0, 630),
        ("100%", 0.0, 0),
        ("1h", 0.0, 0),
        ("1h", 1.0, 1200),
    ],
)
def test_jitter_is_drawn_around_the_base_and_never_below_zero(jitter: Any, random: float, fresh: float) -> None:
    assert of(jitter=jitter, random=random).fresh == pytest.approx(fresh)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ((), (600, 60, 3600, 0)),
        (control(b"max-age=120"), (120, 60, 3600, 0)),
        (control(b"max-age=86400"), (600, 60, 3600, 0)),
        (control(b"max-age=120, s-maxage=30"), (30, 0, 0, 0)),
        (control(b"s-maxage=30, stale-while-revalidate=20"), (30, 20, 0, 0)),
        (control(b"s-maxage=9000"), (600, 0, 0, 0)),
        (control(b"max-age=120, must-revalidate"), (120, 0, 0, 0)),
        (control(b"must-revalidate"), (600, 0, 0, 0)),
        (control(b"proxy-revalidate, stale-if-error=5"), (600, 0, 0, 0)),
        (control(b"max-age=120, stale-while-revalidate=5, stale-if-error=7"), (120, 5, 7, 0)),
        (control(b"stale-while-revalidate=500, stale-if-error=86400"), (600, 60, 3600, 0)),
        (control(b"max-age=0"), (0, 0, 0, 0)),
        (control(b"max-age=0, stale-while-revalidate=30"), (0, 30, 0, 0)),
        (control(b"max-age=oops"), (0, 0, 0, 0)),
        (control(b"no-cache, max-age=60, stale-if-error=60"), (0, 0, 0, 0)),
        ((*control(b"max-age=120"), (b"Age", b"50")), (70, 60, 3600, 50)),
        ((*control(b"max-age=120"), (b"Age", b"500")), (0, 0, 0, 500)),
        (((b"Age", b"50"),), (600, 60, 3600, 50)),
        (((b"Age", b"junk"),), (600, 60, 3600, 0)),
        (((b"Expires", date(90)),), (90, 60, 3600, 0)),
        (((b"Expires", date(90)), (b"Date", date(60))), (30, 60, 3600, 0)),
        (((b"Expires", date(-90)),), (0, 0, 0, 0)),
        (((b"Expires", b"0"),), (0, 0, 0, 0)),
        (((b"Expires", b"\xff\x00"),), (0, 0, 0, 0)),
        (((b"Expires", b"Thu, 01 Jan 99999 00:00:00 GMT"),), (0, 0, 0, 0)),
        (((b"Expires", date(90)), (b"Date", b"yesterday")), (90, 60, 3600, 0)),
        ((*control(b"max-age=120"), (b"Expires", b"0")), (120, 60, 3600, 0)),
        (((b"Expires", b"Wednesday, 15-Nov-23 00:00:00 GMT"),), (600, 60, 3600, 0)),
    ],
)
def test_upstream_shortens_and_never_lengthens(fields: Pairs, expected: tuple[float, ...]) -> None:
    assert of(fields)[:4] == pytest.approx(expected)


def test_upstream_is_not_asked_where_the_route_ignores_it() -> None:
    assert of(control(b"no-cache, max-age=1"), cache_control="ignore")[:4] == (600, 60, 3600, 0)


@pytest.mark.parametrize(("random", "fresh"), [(0.0, 120), (0.5, 114), (1.0, 108)])
def test_what_the_upstream_states_is_jittered_downwards_only(random: float, fresh: float) -> None:
    assert of(control(b"max-age=120"), jitter="10%", random=random).fresh == pytest.approx(fresh)


def test_jitter_does_not_lift_the_base_over_what_is_stated() -> None:
    assert of(control(b"max-age=610"), jitter="10%", random=1.0).fresh == 610


@pytest.mark.parametrize(
    ("fields", "fresh"),
    [((), 90), (control(b"max-age=20"), 20), (control(b"max-age=500"), 90), (control(b"no-cache"), 0)],
)
def test_empty_answers_have_their_own_lifetime_and_no_stale_windows(fields: Pairs, fresh: float) -> None:
    assert of(fields, empty=True)[:4] == (fresh, 0, 0, 0)


def test_jitter_in_seconds_is_scaled_to_empty_answers() -> None:
    assert of(empty=True, jitter="60s", random=0.0).fresh == pytest.approx(81)


def test_a_route_with_ttl_zero_keeps_nothing() -> None:
    assert not of(ttl=0, jitter="30s").useful
    assert of().useful


def test_no_entry_of_a_route_lives_longer_than_is_told() -> None:
    long = route(cache={"ttl": "20h", "jitter": "100%", "stale_if_error": "5h"}, degrade={"docs": {"remember": "2h"}})
    assert longest([route(), long]) >= 20 * 3600 * 2 + 5 * 3600 + 2 * 3600
    assert longest([]) > 0
