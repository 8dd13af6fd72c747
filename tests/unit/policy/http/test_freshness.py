from datetime import UTC, datetime
from email.utils import formatdate

import pytest

from gateway.model.fields import Fields
from gateway.policy.http.freshness import HEURISTICALLY_CACHEABLE, Lifetime, current_age, initial_age, lifetime, made

NOW = 1_764_000_000.0
DAY = 86_400
MOST = 2**31 - 1
LATER = datetime(2050, 11, 18, tzinfo=UTC).timestamp()


def date(offset: float) -> bytes:
    return formatdate(NOW + offset, usegmt=True).encode()


def of(**values: bytes | list[bytes]) -> Fields:
    """Fields by their names with underscores; a list makes several lines."""
    return Fields(
        (name.replace("_", "-").encode(), line)
        for name, value in values.items()
        for line in (value if isinstance(value, list) else [value])
    )


def control(value: bytes, **others: bytes | list[bytes]) -> Fields:
    return of(cache_control=value, **others)


@pytest.mark.parametrize(
    ("fields", "seconds", "source"),
    [
        pytest.param(of(), 0, "none", id="4.2.1-nothing"),
        pytest.param(control(b"max-age=60"), 60, "max-age", id="4.2.1-max-age"),
        pytest.param(control(b"max-age=60, s-maxage=9"), 9, "s-maxage", id="4.2.1-s-maxage-first"),
        pytest.param(control(b"s-maxage=90, max-age=6"), 90, "s-maxage", id="4.2.1-s-maxage-longer"),
        pytest.param(control(b"s-maxage=0, max-age=6"), 0, "s-maxage", id="4.2.1-s-maxage-0"),
        pytest.param(control(b"s-maxage=x, max-age=6"), 0, "s-maxage", id="4.2.1-s-maxage-malformed"),
        pytest.param(control(b"max-age=60", expires=date(9)), 60, "max-age", id="5.3-max-age-over-expires"),
        pytest.param(control(b"max-age=60", expires=b"0"), 60, "max-age", id="5.3-max-age-over-invalid-expires"),
        pytest.param(control(b"max-age=0", expires=date(9)), 0, "max-age", id="5.3-max-age-0-over-expires"),
        pytest.param(control(b"max-age=60, max-age=5"), 5, "max-age", id="4.2.1-two-on-a-line"),
        pytest.param(of(cache_control=[b"max-age=5", b"max-age=60"]), 5, "max-age", id="4.2.1-two-lines"),
        pytest.param(control(b"max-age=60, max-age=x"), 0, "max-age", id="4.2.1-one-of-two-malformed"),
        pytest.param(control(b"max-age=60.0"), 0, "max-age", id="1.2.2-decimal"),
        pytest.param(control(b"max-age=-60"), 0, "max-age", id="1.2.2-negative"),
        pytest.param(control(b"max-age=+60"), 0, "max-age", id="1.2.2-plus"),
        pytest.param(control(b"max-age=60s"), 0, "max-age", id="1.2.2-unit"),
        pytest.param(control(b"max-age=0x60"), 0, "max-age", id="1.2.2-hexadecimal"),
        pytest.param(control(b"max-age=1e3"), 0, "max-age", id="1.2.2-exponent"),
        pytest.param(control(b"max-age"), 0, "max-age", id="1.2.2-no-argument"),
        pytest.param(control(b"max-age=0060"), 60, "max-age", id="1.2.2-leading-zeros"),
        pytest.param(control(b'max-age="60"'), 60, "max-age", id="5.2-quoted"),
        pytest.param(control(b"max-age='60'"), 0, "max-age", id="5.2-single-quoted"),
        pytest.param(control(b'x="max-age=60"'), 0, "none", id="5.2-inside-a-quoted-string"),
        pytest.param(control(b'x="max-age=60", max-age=5'), 5, "max-age", id="5.2-beside-a-quoted-string"),
        pytest.param(control(b"max-age=2147483648"), MOST, "max-age", id="1.2.2-2-to-the-31"),
        pytest.param(control(b"max-age=" + b"9" * 400), MOST, "max-age", id="1.2.2-overflow"),
        pytest.param(control(b"max-age;60"), 0, "none", id="5.2-another-name"),
        pytest.param(control(b"foo, bar=1, max-age=60"), 60, "max-age", id="5.2.3-unknown-directives"),
        pytest.param(control(b"max-age=60, no-cache"), 0, "max-age", id="5.2.2.4-no-cache"),
        pytest.param(control(b'max-age=60, no-cache="x"'), 60, "max-age", id="5.2.2.4-no-cache-of-a-field"),
        pytest.param(of(cache_control=b"max-age=6", cdn_cache_control=b"max-age=60"), 60, "max-age", id="9213-2.2"),
        pytest.param(of(expires=date(90), cdn_cache_control=b"foo"), 0, "none", id="9213-2.2-expires-ignored"),
    ],
)
def test_stated_lifetimes(fields: Fields, seconds: float, source: str) -> None:
    assert lifetime(fields, 200, NOW)[:2] == (seconds, source)


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        pytest.param(of(expires=date(90), date=date(0)), 90, id="4.2.1-expires-less-date"),
        pytest.param(of(expires=date(90), date=date(60)), 30, id="4.2.1-date-ahead-of-us"),
        pytest.param(of(expires=date(90), date=date(-60)), 150, id="4.2.1-date-behind-us"),
        pytest.param(of(expires=date(90)), 90, id="9110-6.6.1-no-date"),
        pytest.param(of(expires=date(90), date=b"foo"), 90, id="9110-6.6.1-invalid-date"),
        pytest.param(of(expires=date(90), date=[date(0), date(60)]), 30, id="5.3-two-dates"),
        pytest.param(of(expires=date(300), date=date(400)), 0, id="5.3-older-than-date"),
        pytest.param(of(expires=date(-90), date=date(0)), 0, id="5.3-past"),
        pytest.param(of(expires=date(0), date=date(0)), 0, id="5.3-present"),
        pytest.param(of(expires=b"0", date=date(0)), 0, id="5.3-zero"),
        pytest.param(of(expires=b"-1", date=date(0)), 0, id="5.3-minus-one"),
        pytest.param(of(expires=b"", date=date(0)), 0, id="5.3-empty"),
        pytest.param(of(expires=b"Thu, 18 Aug 2050 02:01:18 UTC"), 0, id="5.3-other-zone"),
        pytest.param(of(expires=[date(90), date(90)], date=date(0)), 90, id="4.2.1-twice-the-same"),
        pytest.param(of(expires=[date(90), date(60)], date=date(0)), 0, id="4.2.1-conflict"),
        pytest.param(of(expires=[date(90), b"0"], date=date(0)), 0, id="4.2.1-one-of-two-invalid"),
        pytest.param(of(expires=b"Fri, 31 Dec 9999 23:59:59 GMT"), MOST, id="1.2.2-overflow"),
        pytest.param(of(expires=b"Friday, 18-Nov-50 00:00:00 GMT", date=date(0)), LATER - NOW, id="9110-5.6.7-rfc850"),
    ],
)
def test_expires(fields: Fields, seconds: float) -> None:
    found = lifetime(fields, 200, NOW)
    assert found.source == "expires"
    assert found.seconds == seconds


@pytest.mark.parametrize(
    ("fields", "status", "seconds"),
    [
        pytest.param(of(last_modified=date(-1000), date=date(0)), 200, 100, id="4.2.2-ten-percent"),
        pytest.param(of(last_modified=date(-1000), date=date(-500)), 200, 50, id="4.2.2-since-date"),
        pytest.param(of(last_modified=date(-1000)), 200, 100, id="4.2.2-no-date"),
        pytest.param(of(last_modified=date(-10_000 * DAY), date=date(0)), 200, DAY, id="4.2.2-capped"),
        pytest.param(of(last_modified=date(10), date=date(0)), 200, 0, id="4.2.2-modified-after-date"),
        pytest.param(of(last_modified=b"foo", date=date(0)), 200, 0, id="4.2.2-invalid"),
        pytest.param(of(last_modified=[date(-1000), date(-100)], date=date(0)), 200, 10, id="4.2.2-the-later-of-two"),
        pytest.param(of(last_modified=date(-1000)), 201, 0, id="4.2.2-201"),
        pytest.param(of(last_modified=date(-1000)), 302, 0, id="4.2.2-302"),
        pytest.param(of(last_modified=date(-1000)), 403, 0, id="4.2.2-403"),
        pytest.param(of(last_modified=date(-1000)), 404, 100, id="4.2.2-404"),
        pytest.param(of(last_modified=date(-1000)), 503, 0, id="4.2.2-503"),
        pytest.param(of(last_modified=date(-1000)), 599, 0, id="4.2.2-599"),
        pytest.param(control(b"public", last_modified=date(-1000)), 599, 100, id="5.2.2.9-public"),
        pytest.param(control(b"private", last_modified=date(-1000)), 599, 0, id="5.2.2.7-private-does-not-allow"),
        pytest.param(control(b"no-cache", last_modified=date(-1000)), 200, 0, id="5.2.2.4-no-cache"),
        pytest.param(of(cdn_cache_control=b"foo", last_modified=date(-1000)), 200, 100, id="9213-2.2-targeted"),
        pytest.param(of(pragma=b"no-cache", last_modified=date(-1000)), 200, 100, id="5.4-pragma-of-an-answer"),
    ],
)
def test_guesses(fields: Fields, status: int, seconds: float) -> None:
    found = lifetime(fields, status, NOW)
    assert found.seconds == pytest.approx(seconds)
    assert not found.explicit


@pytest.mark.parametrize("value", [b"max-age=0", b"max-age=x", b"s-maxage=0"])
def test_nothing_is_guessed_where_something_is_stated(value: bytes) -> None:  # 4.2.2
    assert lifetime(control(value, last_modified=date(-1000)), 200, NOW).seconds == 0
    assert lifetime(of(expires=b"0", last_modified=date(-1000)), 200, NOW).source == "expires"


def test_guesses_are_capped_as_told() -> None:  # 4.2.2
    assert lifetime(of(last_modified=date(-1000)), 200, NOW, most_guessed=7).seconds == 7


def test_every_status_of_9110_15_1_may_be_guessed() -> None:
    assert {200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501} <= HEURISTICALLY_CACHEABLE


def test_immutable_is_told() -> None:  # RFC 8246
    assert lifetime(control(b"max-age=60, Immutable"), 200, NOW).immutable
    assert not lifetime(control(b"max-age=60"), 200, NOW).immutable


def test_fresh_as_long_as_the_lifetime_is_larger_than_the_age() -> None:  # 4.2
    assert [Lifetime(60, "max-age").left(age) for age in (0, 59, 60, 61)] == [60, 1, 0, 0]


@pytest.mark.parametrize(
    ("fields", "asked", "came", "age"),
    [
        pytest.param(of(), 0, 0, 0, id="4.2.3-nothing"),
        pytest.param(of(date=date(0)), 0.9, 0.9, 0, id="4.2.3-made-this-very-second"),
        pytest.param(of(date=date(0)), 0, 0.9, 0.9, id="4.2.3-response-delay-within-a-second"),
        pytest.param(of(date=date(-30)), 0, 0, 30, id="4.2.3-apparent-age"),
        pytest.param(of(date=date(30)), 0, 0, 0, id="4.2.3-clock-ahead"),
        pytest.param(of(date=date(-3600)), 0, 0, 3600, id="4.2.3-clock-behind"),
        pytest.param(of(age=b"50", date=date(0)), 0, 0, 50, id="4.2.3-age"),
        pytest.param(of(age=b"50", date=date(-60)), 0, 0, 60, id="4.2.3-date-is-older"),
        pytest.param(of(age=b"50", date=date(-30)), 0, 0, 50, id="4.2.3-age-is-older"),
        pytest.param(of(age=b"50", date=date(30)), 0, 0, 50, id="4.2.3-age-with-a-clock-ahead"),
        pytest.param(of(age=b"50"), -4, 0, 54, id="4.2.3-response-delay"),
        pytest.param(of(), -4, 0, 4, id="4.2.3-response-delay-alone"),
        pytest.param(of(age=b"50"), 4, 0, 50, id="4.2.3-clock-set-back-meanwhile"),
        pytest.param(of(date=b"foo"), 0, 0, 0, id="4.2.3-invalid-date"),
        pytest.param(of(date=[date(-10), date(-90)]), 0, 0, 90, id="4.2.3-the-older-of-two-dates"),
        pytest.param(of(age=b"abc"), 0, 0, 0, id="5.1-no-number"),
        pytest.param(of(age=b"-7"), 0, 0, 0, id="5.1-negative"),
        pytest.param(of(age=b"7.0"), 0, 0, 0, id="5.1-decimal"),
        pytest.param(of(age=b'"7"'), 0, 0, 0, id="5.1-quoted"),
        pytest.param(of(age=b""), 0, 0, 0, id="5.1-empty"),
        pytest.param(of(age=b" 7 "), 0, 0, 7, id="5.1-spaces"),
        pytest.param(of(age=b"7, 0"), 0, 0, 7, id="5.1-first-of-a-list"),
        pytest.param(of(age=b"0, 7"), 0, 0, 0, id="5.1-first-of-a-list-even-where-smaller"),
        pytest.param(of(age=[b"7", b"0"]), 0, 0, 7, id="5.1-first-of-two-lines"),
        pytest.param(of(age=b"abc, 7"), 0, 0, 0, id="5.1-first-one-invalid"),
        pytest.param(of(age=b"abc", date=date(-9)), 0, 0, 9, id="5.1-invalid-beside-date"),
        pytest.param(of(age=b"2147483648"), 0, 0, MOST, id="1.2.2-2-to-the-31"),
        pytest.param(of(age=b"9" * 400), -4, 0, MOST, id="1.2.2-overflow"),
        pytest.param(of(date=b"Mon, 01 Jan 0001 00:00:00 GMT"), 0, 0, MOST, id="1.2.2-oldest-date"),
    ],
)
def test_ages_of_answers_as_they_come(fields: Fields, asked: float, came: float, age: float) -> None:
    assert initial_age(fields, NOW + asked, NOW + came) == pytest.approx(age)


def test_an_overlong_age_is_older_than_any_lifetime() -> None:  # 1.2.2
    fields = control(b"max-age=99999999999", age=b"99999999999")
    assert lifetime(fields, 200, NOW).left(initial_age(fields, NOW, NOW)) == 0


@pytest.mark.parametrize(
    ("initial", "now", "age"),
    [
        pytest.param(5, 0, 5, id="4.2.3-at-once"),
        pytest.param(5, 10, 15, id="4.2.3-resident-time"),
        pytest.param(5, -10, 5, id="4.2.3-clock-set-back"),
        pytest.param(MOST, 10, MOST, id="1.2.2-overflow"),
    ],
)
def test_ages_grow_while_answers_are_kept(initial: float, now: float, age: float) -> None:
    assert current_age(initial, NOW, NOW + now) == age


@pytest.mark.parametrize(
    ("fields", "moment"),
    [
        pytest.param(of(date=date(-5)), -5, id="9110-6.6.1-date"),
        pytest.param(of(), 0, id="9110-6.6.1-absent"),
        pytest.param(of(date=b"foo"), 0, id="9110-6.6.1-invalid"),
        pytest.param(of(date=[date(-5), date(-5)]), -5, id="9110-6.6.1-twice-the-same"),
        pytest.param(of(date=[date(-5), date(-6)]), 0, id="9110-6.6.1-conflict"),
    ],
)
def test_when_an_answer_was_made(fields: Fields, moment: float) -> None:
    assert made(fields, NOW) == NOW + moment
