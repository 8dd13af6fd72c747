"""Whole answers with odd combinations, which caches in wide use are known to read in other ways than the RFC."""

from email.utils import formatdate
from typing import NamedTuple

import pytest

from gateway.model.entry import Windows
from gateway.model.fields import Fields, Pairs
from gateway.model.outcome import Reason
from gateway.policy.http.freshness import initial_age, lifetime
from gateway.policy.http.kept import kept
from gateway.policy.http.stale import windows
from gateway.policy.http.storable import storable
from tests.support.policy import request

NOW = 1_764_000_000.0


def at(offset: float) -> bytes:
    return formatdate(NOW + offset, usegmt=True).encode()


class Story(NamedTuple):
    """reason: why it is not stored. left: seconds of freshness when it comes. stale: while asked anew, on errors."""

    reason: Reason | None
    left: float = 0.0
    stale: tuple[float, float] = (0.0, 0.0)


def story(pairs: Pairs, status: int = 200, asked: Pairs = ()) -> Story:
    fields, asking = Fields(pairs), request(b"GET", b"/page", asked)
    reason = storable(asking, status, fields, shared_identity=True, now=NOW)
    if reason is not None:
        return Story(reason)
    lasting = lifetime(fields, status, NOW)
    stale = windows(fields, lasting, Windows(60.0, 600.0), Windows(0.0, 600.0))
    return Story(None, lasting.left(initial_age(fields, NOW, NOW)), stale[:2])


def control(value: bytes, *others: tuple[bytes, bytes]) -> Pairs:
    return ((b"Cache-Control", value), *others)


ETAG = (b"ETag", b'"x"')
GRANTED = (0.0, 600.0)


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        pytest.param(control(b"max-age=60", (b"Age", b"50")), Story(None, 10, GRANTED), id="5.1-age-is-taken-off"),
        pytest.param(control(b"max-age=60", (b"Age", b"70")), Story(None, 0, GRANTED), id="5.1-came-stale"),
        pytest.param(((b"Age", b"50"), *control(b"max-age=60")), Story(None, 10, GRANTED), id="5.1-age-comes-first"),
        pytest.param(control(b"s-maxage=60", (b"Age", b"50")), Story(None, 10), id="5.1-age-and-s-maxage"),
        pytest.param(
            ((b"Expires", at(60)), (b"Date", at(0)), (b"Age", b"50")),
            Story(None, 10, GRANTED),
            id="5.1-age-and-expires",
        ),
        pytest.param(
            ((b"Expires", at(60)), (b"Date", at(-60))), Story(None, 60, GRANTED), id="4.2.3-a-slow-clock-and-expires"
        ),
        pytest.param(
            ((b"Expires", at(3660)), (b"Date", at(3600))), Story(None, 60, GRANTED), id="4.2.3-a-fast-clock-and-expires"
        ),
        pytest.param(control(b"max-age=0, s-maxage=15"), Story(None, 15), id="5.2.2.10-s-maxage-beside-max-age-0"),
        pytest.param(control(b"max-age=15, s-maxage=0"), Story(Reason.NOT_FRESH), id="5.2.2.10-s-maxage-0"),
        pytest.param(control(b"s-maxage = 15"), Story(None, 15), id="5.2-spaces-around-equals"),
        pytest.param(control(b"max-age=-1", (b"Last-Modified", at(-9000))), Story(None, 0), id="4.2.1-negative"),
        pytest.param(control(b"max-age=1O", (b"Last-Modified", at(-9000))), Story(None, 0), id="4.2.1-a-letter-O"),
        pytest.param(control(b"max-age:60", ETAG), Story(None, 0), id="5.2-a-colon"),
        pytest.param(control(b"max-age=60; public"), Story(Reason.NOT_FRESH), id="5.2-a-semicolon"),
        pytest.param(control(b"x-max-age=60", ETAG), Story(None, 0), id="5.2-name-inside-a-name"),
        pytest.param(
            control(b"max-age=60, no-storefront"), Story(None, 60, GRANTED), id="5.2-name-begins-like-another"
        ),
        pytest.param(control(b'max-age=60, ext="private"'), Story(None, 60, GRANTED), id="5.2-name-inside-a-string"),
        pytest.param(
            control(b'ext="a, s-maxage=900", max-age=60'), Story(None, 60, GRANTED), id="5.2-comma-inside-a-string"
        ),
        pytest.param(
            control(b"public", (b"Cache-Control", b"no-store"), (b"Cache-Control", b"max-age=60")),
            Story(Reason.NO_STORE),
            id="5.2-no-store-on-another-line",
        ),
        pytest.param(control(b",, max-age=60 ,,"), Story(None, 60, GRANTED), id="9110-5.6.1-empty-members"),
        pytest.param(control(b"no-cache, max-age=60", ETAG), Story(None, 0), id="5.2.2.4-stored-and-never-fresh"),
        pytest.param(
            control(b'no-cache="x-a", max-age=60', (b"X-A", b"1")), Story(None, 60, GRANTED), id="5.2.2.4-of-a-field"
        ),
        pytest.param(
            control(b"max-age=60, must-revalidate, stale-while-revalidate=30", ETAG),
            Story(None, 60),
            id="5.2.2.2-beside-a-stale-window",
        ),
        pytest.param(control(b"max-age=60, immutable, no-cache", ETAG), Story(None, 0), id="8246-beside-no-cache"),
        pytest.param(
            control(b"max-age=60", (b"Pragma", b"no-cache")), Story(None, 60, GRANTED), id="5.4-pragma-in-an-answer"
        ),
        pytest.param(
            control(b"max-age=60", (b"Expires", b"-1")), Story(None, 60, GRANTED), id="5.3-max-age-over-expires"
        ),
        pytest.param(((b"Expires", b"-1"), (b"Last-Modified", at(-9000))), Story(None, 0), id="4.2.2-no-guess"),
        pytest.param(((b"Last-Modified", at(-9000)),), Story(None, 900, GRANTED), id="4.2.2-guess"),
        pytest.param((ETAG,), Story(None, 0), id="4.3-only-to-be-validated"),
        pytest.param(((b"Surrogate-Control", b"max-age=60"),), Story(Reason.NOT_FRESH), id="9213-2-not-ours"),
        pytest.param(
            control(b"no-store", (b"CDN-Cache-Control", b"max-age=60, stale-while-revalidate=5")),
            Story(None, 60, (5.0, 600.0)),
            id="9213-2.2-for-us-and-for-browsers",
        ),
        pytest.param(control(b"max-age=60", (b"Vary", b"Accept, *")), Story(Reason.VARY_STAR), id="4.1-star-in-a-list"),
        pytest.param(
            control(b"private", (b"X-Accel-Expires", b"60")), Story(Reason.PRIVATE), id="5.2.2.7-another-caches-field"
        ),
    ],
)
def test_answers(pairs: Pairs, expected: Story) -> None:
    assert story(pairs) == expected


@pytest.mark.parametrize(
    ("status", "pairs", "expected"),
    [
        pytest.param(302, control(b"max-age=60"), Story(None, 60, GRANTED), id="3-302-with-a-lifetime"),
        pytest.param(302, (ETAG,), Story(Reason.NOT_FRESH), id="3-302-without-one"),
        pytest.param(404, (), Story(Reason.NOT_FRESH), id="4.2.2-404-says-nothing"),
        pytest.param(500, control(b"max-age=60"), Story(None, 60, GRANTED), id="3-500-with-a-lifetime"),
        pytest.param(429, control(b"public, max-age=60"), Story(Reason.STATUS), id="6585-4-429-with-a-lifetime"),
        pytest.param(418, control(b"max-age=60"), Story(None, 60, GRANTED), id="3-unknown-with-a-lifetime"),
        pytest.param(418, control(b"max-age=60, must-understand"), Story(Reason.STATUS), id="5.2.2.3-unknown"),
        pytest.param(
            200, control(b"max-age=60, no-store, must-understand"), Story(None, 60, GRANTED), id="5.2.2.3-understood"
        ),
        pytest.param(204, control(b"max-age=60"), Story(None, 60, GRANTED), id="3-204"),
        pytest.param(206, control(b"max-age=60"), Story(Reason.PARTIAL_CONTENT), id="3.3-206"),
    ],
)
def test_answers_with_other_statuses(status: int, pairs: Pairs, expected: Story) -> None:
    assert story(pairs, status) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(b"max-age=60", Story(Reason.AUTHORIZATION), id="3.5-max-age"),
        pytest.param(b"max-age=60, must-revalidate", Story(None, 60), id="3.5-must-revalidate"),
        pytest.param(b"max-age=0, must-revalidate", Story(None, 0), id="3.5-always-validated"),
        pytest.param(b"private, s-maxage=60", Story(Reason.PRIVATE), id="3.5-private-beside-s-maxage"),
    ],
)
def test_answers_to_credentials(value: bytes, expected: Story) -> None:
    assert story(control(value, ETAG), asked=((b"Authorization", b"Bearer t"),)) == expected


def test_a_cookie_that_came_with_a_public_answer_is_nobody_elses() -> None:  # 7.3
    pairs = control(b"public, max-age=60", (b"Set-Cookie", b"sid=1"))
    assert story(pairs) == Story(None, 60, GRANTED)
    assert kept(Fields(pairs)) == control(b"public, max-age=60")


def test_connection_does_not_take_a_prohibition_away() -> None:  # RFC 9110 section 7.6.1
    pairs = control(b"no-store", (b"Connection", b"cache-control"), (b"Expires", at(60)))
    assert story(pairs) == Story(Reason.NO_STORE)
