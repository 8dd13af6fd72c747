import pytest

from gateway.model.entry import Entry
from gateway.model.exchange import Request
from gateway.model.outcome import Reason
from gateway.policy.http.reuse import (
    Fresh,
    MustValidate,
    Reuse,
    StaleWhileRevalidate,
    directives,
    only_if_cached,
    reuse,
    stale_on_error,
)
from tests.support.policy import entry, request

# Stored at 1000, fresh until 1600, stale windows of one minute and one hour: see tests.support.policy.
FRESH, AGED, IN_WINDOW, PAST_WINDOW = 1010.0, 1500.0, 1630.0, 1700.0
ASKED = MustValidate(Reason.REQUEST_NO_CACHE)
STALE = MustValidate(Reason.STALE)
NO_CACHE = MustValidate(Reason.NO_CACHE)
BEHIND = StaleWhileRevalidate()


def saying(control: bytes | None, **others: object) -> Entry:
    return entry(fields=() if control is None else ((b"Cache-Control", control),), **others)


def asking(control: bytes | None = None, pragma: bytes | None = None) -> Request:
    fields = [] if control is None else [(b"Cache-Control", control)]
    fields += [] if pragma is None else [(b"Pragma", pragma)]
    return request(b"GET", fields=tuple(fields))


@pytest.mark.parametrize(
    ("asked", "now", "answer"),
    [
        pytest.param(None, FRESH, Fresh(), id="9111-4.2-fresh"),
        pytest.param(None, 1599.9, Fresh(), id="9111-4.2-fresh-to-the-end"),
        pytest.param(None, 1600.0, BEHIND, id="9111-4.2-stale-from-its-end"),
        pytest.param(None, IN_WINDOW, BEHIND, id="5861-3-in-its-window"),
        pytest.param(None, PAST_WINDOW, STALE, id="5861-3-past-its-window"),
        pytest.param(None, 900.0, STALE, id="9111-4.2.3-stored-in-the-future"),
        pytest.param(b"no-cache", FRESH, ASKED, id="9111-5.2.1.4-no-cache"),
        pytest.param(b"No-Cache", FRESH, ASKED, id="9111-5.2-directives-without-case"),
        pytest.param(b"no-cache", PAST_WINDOW, ASKED, id="9111-5.2.1.4-no-cache-of-a-stale-one"),
        pytest.param(b"no-store", FRESH, Fresh(), id="9111-5.2.1.5-no-store-is-not-about-reuse"),
        pytest.param(b"no-transform, only-if-cached", FRESH, Fresh(), id="9111-5.2.1.7-only-if-cached-is-met"),
        pytest.param(b"max-age=600", AGED, Fresh(), id="9111-5.2.1.1-young-enough"),
        pytest.param(b"max-age=500", AGED, Fresh(), id="9111-5.2.1.1-as-old-as-that"),
        pytest.param(b"max-age=499", AGED, ASKED, id="9111-5.2.1.1-too-old"),
        pytest.param(b"max-age=0", 1000.0, ASKED, id="9111-5.2.1.1-nothing-is-young-enough"),
        pytest.param(b"max-age=x", FRESH, ASKED, id="9111-4.2.1-malformed-is-nothing"),
        pytest.param(b"max-age", FRESH, ASKED, id="9111-4.2.1-without-a-figure-is-nothing"),
        pytest.param(b"max-age=600, max-age=5", FRESH, ASKED, id="9111-4.2.1-the-smaller-of-two"),
        pytest.param(b"max-age=3600", IN_WINDOW, ASKED, id="9111-5.2.1.1-who-says-max-age-wants-no-stale-one"),
        pytest.param(b"max-age=3600, max-stale", IN_WINDOW, BEHIND, id="9111-5.2.1.1-unless-max-stale-is-there"),
        pytest.param(b"max-age=10, max-stale", IN_WINDOW, ASKED, id="9111-5.2.1.1-too-old-however-stale"),
        pytest.param(b"min-fresh=100", AGED, Fresh(), id="9111-5.2.1.3-fresh-for-long-enough"),
        pytest.param(b"min-fresh=101", AGED, ASKED, id="9111-5.2.1.3-ends-too-soon"),
        pytest.param(b"min-fresh=1", IN_WINDOW, ASKED, id="9111-5.2.1.3-a-stale-one-is-not-fresh"),
        pytest.param(b"max-stale", PAST_WINDOW, BEHIND, id="9111-5.2.1.2-however-stale"),
        pytest.param(b"max-stale", 900.0, STALE, id="9111-5.2.1.2-but-nobody-knows-how-old"),
        pytest.param(b"max-stale=100", PAST_WINDOW, BEHIND, id="9111-5.2.1.2-as-stale-as-that"),
        pytest.param(b"max-stale=99", PAST_WINDOW, ASKED, id="9111-5.2.1.2-too-stale"),
        pytest.param(b"max-stale=10", IN_WINDOW, ASKED, id="9111-5.2.1.2-limits-the-window"),
        pytest.param(b'max-stale="100"', PAST_WINDOW, BEHIND, id="9111-5.2-quoted"),
        pytest.param(b"max-stale=x", PAST_WINDOW, ASKED, id="9111-5.2.1.2-malformed-is-nothing"),
        pytest.param(b"max-stale, max-stale=5", PAST_WINDOW, ASKED, id="9111-5.2.1.2-said-twice"),
        pytest.param(b"unknown, max-stale", PAST_WINDOW, BEHIND, id="9111-5.2.3-unknown-directives"),
        pytest.param(b"", FRESH, Fresh(), id="9111-5.2-empty"),
    ],
)
def test_request_directives(asked: bytes | None, now: float, answer: Reuse) -> None:
    assert reuse(asking(asked), saying(None), now) == answer


@pytest.mark.parametrize(
    ("said", "asked", "now", "answer"),
    [
        pytest.param(b"no-cache", None, FRESH, NO_CACHE, id="9111-5.2.2.4-no-cache"),
        pytest.param(b"no-cache", b"max-stale", FRESH, NO_CACHE, id="9111-5.2.2.4-whatever-the-client-takes"),
        pytest.param(b'no-cache="x-live"', None, FRESH, Fresh(), id="9111-5.2.2.4-for-some-fields-only"),
        pytest.param(b'no-cache=""', None, FRESH, NO_CACHE, id="9111-5.2.2.4-for-no-field-is-for-all"),
        pytest.param(b"must-revalidate", None, FRESH, Fresh(), id="9111-5.2.2.2-fresh"),
        pytest.param(b"must-revalidate", None, IN_WINDOW, STALE, id="9111-5.2.2.2-no-window"),
        pytest.param(b"must-revalidate", b"max-stale", IN_WINDOW, STALE, id="9111-5.2.2.2-no-max-stale"),
        pytest.param(
            b"must-revalidate, stale-while-revalidate=60", None, IN_WINDOW, STALE, id="9111-5.2.2.2-no-window-stated"
        ),
        pytest.param(b"proxy-revalidate", b"max-stale", IN_WINDOW, STALE, id="9111-5.2.2.8-proxy-revalidate"),
        pytest.param(b"s-maxage=600", None, IN_WINDOW, STALE, id="9111-5.2.2.10-s-maxage"),
        pytest.param(b"s-maxage=600", b"max-stale", PAST_WINDOW, STALE, id="9111-5.2.2.10-no-max-stale"),
        pytest.param(
            b"s-maxage=600, stale-while-revalidate=60", None, IN_WINDOW, BEHIND, id="5861-3-a-window-beside-s-maxage"
        ),
        pytest.param(
            b"s-maxage=600, stale-if-error=60", None, IN_WINDOW, STALE, id="5861-4-the-window-for-errors-is-another"
        ),
        pytest.param(b"immutable", b"max-age=0", AGED, Fresh(), id="8246-2-a-reload"),
        pytest.param(b"immutable", b"max-age=0, no-cache", AGED, ASKED, id="8246-2-a-forced-reload"),
        pytest.param(b"immutable", b"min-fresh=101", AGED, ASKED, id="8246-2-min-fresh-counts"),
        pytest.param(b"immutable", b"max-age=0", PAST_WINDOW, STALE, id="8246-2-stale-is-as-without-it"),
        pytest.param(b"immutable", b"max-age=0", IN_WINDOW, ASKED, id="8246-2-stale-in-its-window"),
    ],
)  # fmt: skip
def test_directives_of_the_answer(said: bytes, asked: bytes | None, now: float, answer: Reuse) -> None:
    assert reuse(asking(asked), saying(said), now) == answer


@pytest.mark.parametrize(
    ("control", "pragma", "answer"),
    [
        pytest.param(None, b"no-cache", ASKED, id="9111-5.4-pragma"),
        pytest.param(None, b"other, No-Cache", ASKED, id="9111-5.4-pragma-in-a-list"),
        pytest.param(None, b"other", Fresh(), id="9111-5.4-another-pragma"),
        pytest.param(b"max-age=600", b"no-cache", Fresh(), id="9111-5.4-cache-control-goes-first"),
        pytest.param(b"", b"no-cache", Fresh(), id="9111-5.4-even-an-empty-one"),
    ],
)
def test_pragma(control: bytes | None, pragma: bytes, answer: Reuse) -> None:
    assert reuse(asking(control, pragma), saying(None), FRESH) == answer


def test_rfc_9111_5_2_1_a_cache_may_be_told_not_to_listen() -> None:
    assert reuse(asking(b"no-cache"), saying(None), FRESH, listens=False) == Fresh()
    assert reuse(asking(b"max-stale"), saying(None), PAST_WINDOW, listens=False) == STALE
    assert reuse(asking(b"no-cache"), saying(b"no-cache"), FRESH, listens=False) == NO_CACHE
    assert stale_on_error(asking(b"no-cache"), saying(None), IN_WINDOW, listens=False)


def test_rfc_9111_4_2_3_age_at_receipt_counts() -> None:
    assert reuse(asking(b"max-age=100"), saying(None, initial_age=95.0), FRESH) == ASKED


def test_rfc_9213_2_2_targeted_directives_take_the_place_of_others() -> None:
    fields = ((b"CDN-Cache-Control", b"max-age=600"), (b"Cache-Control", b"no-cache, must-revalidate"))
    assert reuse(asking(), entry(fields=fields), FRESH) == Fresh()
    assert reuse(asking(), entry(fields=fields), IN_WINDOW) == BEHIND
    assert reuse(asking(), entry(fields=fields), FRESH, targets=()) == NO_CACHE


def test_rfc_9111_4_2_no_window_is_open_at_the_very_end_of_freshness() -> None:
    nothing = saying(None, stale_while_until=0.0, stale_error_until=0.0)
    assert reuse(asking(), nothing, 1600.0) == STALE
    assert not stale_on_error(asking(), nothing, 1600.0)


@pytest.mark.parametrize(
    ("said", "asked", "now", "allowed"),
    [
        pytest.param(None, None, FRESH, True, id="9111-4.2.4-fresh"),
        pytest.param(None, b"max-age=0", FRESH, True, id="9111-5.2.1.1-a-wish-on-freshness"),
        pytest.param(None, None, PAST_WINDOW, True, id="5861-4-in-its-window"),
        pytest.param(None, None, 5200.0, False, id="5861-4-past-its-window"),
        pytest.param(None, b"stale-if-error=3600", 5200.0, True, id="5861-4-the-client-allows-it"),
        pytest.param(None, b"stale-if-error=3599", 5200.0, False, id="5861-4-the-client-allows-less"),
        pytest.param(None, b"max-stale", 9000.0, True, id="9111-5.2.1.2-max-stale"),
        pytest.param(None, b"no-cache", FRESH, False, id="9111-5.2.1.4-no-cache-of-the-client"),
        pytest.param(None, None, 900.0, False, id="9111-4.2.3-stored-in-the-future"),
        pytest.param(b"no-cache", None, FRESH, False, id="9111-5.2.2.4-no-cache"),
        pytest.param(b"must-revalidate", None, FRESH, True, id="9111-5.2.2.2-fresh"),
        pytest.param(b"must-revalidate", b"max-stale", IN_WINDOW, False, id="9111-5.2.2.2-must-revalidate"),
        pytest.param(b"must-revalidate, stale-if-error=99", None, IN_WINDOW, False, id="9111-5.2.2.2-beats-5861"),
        pytest.param(b"proxy-revalidate", None, IN_WINDOW, False, id="9111-5.2.2.8-proxy-revalidate"),
        pytest.param(b"s-maxage=600", b"stale-if-error=99", IN_WINDOW, False, id="9111-5.2.2.10-s-maxage"),
        pytest.param(b"s-maxage=600, stale-if-error=99", None, IN_WINDOW, True, id="5861-4-a-window-beside-s-maxage"),
    ],
)  # fmt: skip
def test_stale_answers_stand_in_for_errors(said: bytes | None, asked: bytes | None, now: float, allowed: bool) -> None:
    assert stale_on_error(asking(asked), saying(said), now) is allowed


def test_rfc_9111_5_2_1_7_only_if_cached() -> None:
    assert only_if_cached(asking(b"max-stale, only-if-cached"))
    assert not only_if_cached(asking(b"max-stale"))
    assert not only_if_cached(asking(None, b"only-if-cached"))


def test_rfc_9111_5_2_directives_of_all_lines_count() -> None:
    of = request(b"GET", fields=((b"Cache-Control", b"max-age=5"), (b"cache-control", b"no-cache")))
    assert directives(of).has(b"no-cache")
    assert directives(of).seconds(b"max-age") == 5
