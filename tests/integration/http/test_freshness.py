"""Freshness and age (RFC 9111 sections 4.2, 5.1, 5.3), over sockets: for how long an answer comes back."""

import pytest

from tests.support.http_cache import http_cache
from tests.support.origin import said

YEARS = 31_536_000 * 68
MOST = 2**31 - 1


def lines(cache, fields):
    """Field lines in which `{+60}` is the date in 60 seconds."""
    made = []
    for line in fields:
        before, brace, rest = line.partition("{")
        moment, _, after = rest.partition("}")
        made.append(before + cache.at(float(moment)) + after if brace else line)
    return made


async def lasts(fields, status="200 OK"):
    """For how many seconds an answer is a hit: the last one of a few moments; None: not even once."""
    fresh = None
    async with http_cache(ttl="365d") as cache:
        cache.origin.answers(
            "/a", said(status, *lines(cache, fields)), said("599 Asked again", "Cache-Control: no-store")
        )
        await cache.get()
        begun = cache.clock.now
        for seconds in (0, 1, 10, 58, 61, 86_000, 31_000_000):
            cache.clock.now = begun + seconds
            if not (await cache.get()).hit:
                break
            fresh = seconds
    return fresh


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        pytest.param(("Cache-Control: max-age=60",), 58, id="5.2.2.1-max-age"),
        pytest.param(("Cache-Control: MaX-aGe=60",), 58, id="5.2-without-case"),
        pytest.param(("Cache-Control: max-age=0060",), 58, id="1.2.2-leading-zeros"),
        pytest.param(('Cache-Control: max-age="60"',), 58, id="5.2-quoted"),
        pytest.param(("Cache-Control: foobar, max-age=60, x=\"y\"",), 58, id="5.2.3-unknown-directives"),
        pytest.param((',Cache-Control: max-age=60'[1:], "Cache-Control: , ,"), 58, id="9110-5.6.1-empty-members"),
        pytest.param(("Cache-Control: max-age=0",), None, id="5.2.2.1-none"),
        pytest.param(("Cache-Control: max-age=-60",), None, id="1.2.2-negative"),
        pytest.param(("Cache-Control: max-age=60.0",), None, id="1.2.2-decimal"),
        pytest.param(("Cache-Control: max-age=6e1",), None, id="1.2.2-exponent"),
        pytest.param(("Cache-Control: max-age=60s",), None, id="1.2.2-with-a-unit"),
        pytest.param(("Cache-Control: max-age=a60",), None, id="1.2.2-letters"),
        pytest.param(("Cache-Control: max-age='60'",), None, id="5.2-single-quotes"),
        pytest.param(("Cache-Control: max-age",), None, id="5.2.2.1-without-a-value"),
        pytest.param(("Cache-Control: max-age=",), None, id="5.2.2.1-with-an-empty-value"),
        pytest.param(("Cache-Control: max-age =60",), 58, id="5.2-space-before-equals"),
        pytest.param(("Cache-Control: max-age= 60",), 58, id="5.2-space-after-equals"),
        pytest.param((f"Cache-Control: max-age={MOST}",), 31_000_000, id="1.2.2-the-largest"),
        pytest.param(("Cache-Control: max-age=2147483648",), 31_000_000, id="1.2.2-over-31-bits"),
        pytest.param(("Cache-Control: max-age=99999999999",), 31_000_000, id="1.2.2-over-32-bits"),
        pytest.param((f"Cache-Control: max-age={'9' * 400}",), 31_000_000, id="1.2.2-absurd"),
        pytest.param(("Cache-Control: max-age=60, max-age=2",), 1, id="4.2.1-two-the-smaller"),
        pytest.param(("Cache-Control: max-age=2", "Cache-Control: max-age=60"), 1, id="4.2.1-two-on-two-lines"),
        pytest.param(('Cache-Control: max-age=2, x="max-age=60"',), 1, id="5.2-in-a-string-after"),
        pytest.param(('Cache-Control: x="max-age=60", max-age=2',), 1, id="5.2-in-a-string-before"),
        pytest.param(("Cache-Control: s-maxage=60",), 58, id="5.2.2.10-s-maxage"),
        pytest.param(("Cache-Control: s-maxage=60, max-age=2",), 58, id="5.2.2.10-over-a-shorter-max-age"),
        pytest.param(("Cache-Control: max-age=60", "Cache-Control: s-maxage=2"), 1, id="5.2.2.10-over-a-longer-one"),
        pytest.param(("Cache-Control: max-age=60, s-maxage=x",), None, id="5.2.2.10-malformed"),
        pytest.param(("Cache-Control: max-age=60", "Expires: {-60}"), 58, id="5.3-max-age-over-expires"),
        pytest.param(("Cache-Control: max-age=60", "Expires: 0"), 58, id="5.3-max-age-over-no-date"),
        pytest.param(("Cache-Control: max-age=0", "Expires: {+60}"), None, id="5.3-max-age-none-over-expires"),
        pytest.param(("Cache-Control: max-age=60", "Pragma: no-cache"), 58, id="5.4-pragma-in-an-answer"),
        pytest.param(("CDN-Cache-Control: max-age=60",), 58, id="9213-targeted"),
        pytest.param(("CDN-Cache-Control: max-age=60", "Cache-Control: no-store"), 58, id="9213-2.2-over-no-store"),
        pytest.param(("CDN-Cache-Control: max-age=2", "Cache-Control: max-age=60"), 1, id="9213-2.2-over-longer"),
        pytest.param(("CDN-Cache-Control: max-age=60", "Expires: {-60}"), 58, id="9213-2.2-over-expires"),
        pytest.param(("CDN-Cache-Control: max-age=0", "Expires: {+60}"), None, id="9213-2.2-none-over-expires"),
        pytest.param(("CDN-Cache-Control: max-age=99999999999",), 31_000_000, id="9213-over-32-bits"),
        pytest.param(("CDN-Cache-Control: foobar, max-age=60",), 58, id="9213-2.1-unknown-directives"),
        pytest.param(("CDN-Cache-Control: max-age=60, &&&", "Cache-Control: max-age=2"), 1, id="9213-2.1-no-dict"),
        pytest.param(("CDN-Cache-Control: max-age =60", "Cache-Control: max-age=2"), 1, id="9213-2.1-space"),
        pytest.param(("CDN-Cache-Control: MaX-aGe=60", "Cache-Control: max-age=2"), 1, id="8941-3.2-lower-case"),
        pytest.param(('CDN-Cache-Control: max-age="60"', "Cache-Control: max-age=60"), None, id="9213-2.1-wrong-type"),
        pytest.param(("CDN-Cache-Control: no-store", "Cache-Control: max-age=60"), None, id="9213-2.2-no-store"),
        pytest.param(("CDN-Cache-Control: private", "Cache-Control: max-age=60"), None, id="9213-2.2-private"),
        pytest.param(("CDN-Cache-Control: no-cache", "Cache-Control: max-age=60"), None, id="9213-2.2-no-cache"),
        pytest.param(("CDN-Cache-Control: ", "Cache-Control: max-age=60"), 58, id="9213-2.1-empty"),
        pytest.param(("CDN-Cache-Control: max-age=60", "Age: 50"), 1, id="9213-age-counts"),
    ],
)  # fmt: skip
async def test_section_4_2_1_lifetimes_that_are_stated(fields, seconds):
    assert await lasts(fields) == seconds


@pytest.mark.parametrize(
    ("expires", "seconds"),
    [
        pytest.param("Expires: {+60}", 58, id="5.3-imf-fixdate"),
        pytest.param("Expires: {-60}", None, id="5.3-past"),
        pytest.param("Expires: {+0}", None, id="5.3-now"),
        pytest.param("Expires: 0", None, id="5.3-zero"),
        pytest.param("Expires: -1", None, id="5.3-minus-one"),
        pytest.param("Expires:", None, id="5.3-empty"),
        pytest.param("Expires: Thu, 18 Aug 2050 02:01:18 GMT", 31_000_000, id="5.3-far"),
        pytest.param("Expires: Thursday, 18-Aug-50 02:01:18 GMT", 31_000_000, id="9110-5.6.7-rfc850"),
        pytest.param("Expires: Thu Aug 18 02:01:18 2050", 31_000_000, id="9110-5.6.7-asctime"),
        pytest.param("Expires: Thu, 18 Aug 2050 02:01:18 UTC", None, id="5.3-utc"),
        pytest.param("Expires: Thu, 18 Aug 2050 02:01:18 +0000", None, id="5.3-offset"),
        pytest.param("Expires: Thu, 18 Aug 50 02:01:18 GMT", None, id="5.3-two-digit-year"),
        pytest.param("Expires: Thu 18 Aug 2050 02:01:18 GMT", None, id="5.3-no-comma"),
        pytest.param("Expires: Thu, 18  Aug  2050 02:01:18 GMT", None, id="5.3-spaces"),
        pytest.param("Expires: Thu, 18-Aug-2050 02:01:18 GMT", None, id="5.3-dashes"),
        pytest.param("Expires: Thu, 18 Aug 2050 02.01.18 GMT", None, id="5.3-periods"),
        pytest.param("Expires: Thu, 18 Aug 2050 2:01:18 GMT", None, id="5.3-one-digit-hour"),
        pytest.param("Expires: Thu, 31 Feb 2050 02:01:18 GMT", None, id="5.3-no-such-day"),
        pytest.param("Expires: Thu, 18 Aug 2050 25:01:18 GMT", None, id="5.3-no-such-hour"),
    ],
)
@pytest.mark.parametrize("date", [("Date: {+0}",), ()], ids=["date", "no-date"])
async def test_section_5_3_expires(expires, date, seconds):
    assert await lasts((expires, *date)) == seconds


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        pytest.param(("Expires: {+60}", "Date: foo"), 58, id="5.3-date-that-is-none"),
        pytest.param(("Expires: {+300}", "Date: {+400}"), None, id="5.3-before-date"),
        pytest.param(("Expires: {+60}", "Expires: {+60}"), 58, id="5.3-twice-the-same"),
        pytest.param(("Expires: {+60}", "Expires: {+999}"), None, id="5.3-two-of-them"),
        pytest.param(("Expires: {+61}", "Date: {+0}", "Age: 50"), 10, id="4.2.3-age-counts"),
        pytest.param(("Expires: {+10}", "Date: {-10}", "Age: 25"), None, id="4.2.3-slow-date-and-age"),
        pytest.param(("Expires: {+20}", "Date: {+10}", "Age: 15"), None, id="4.2.3-fast-date-and-age"),
        pytest.param(("Cache-Control: max-age=60", "Date: {-55}"), 1, id="4.2.3-apparent-age"),
        pytest.param(("Cache-Control: max-age=60", "Date: {-600}"), None, id="4.2.3-clock-behind"),
        pytest.param(("Cache-Control: max-age=60", "Date: {+600}"), 58, id="4.2.3-clock-ahead"),
        pytest.param(("Cache-Control: max-age=60", "Date: {-600}", "Date: {+0}"), None, id="4.2.3-two-dates-the-older"),
        pytest.param(("Expires: {+60}", "Date: {+50}"), 1, id="4.2.1-expires-counts-from-date"),
    ],
)
async def test_section_4_2_3_dates_that_disagree(fields, seconds):
    assert await lasts(fields) == seconds


@pytest.mark.parametrize(
    ("age", "told"),
    [
        pytest.param(("Age: 30",), 30, id="number"),
        pytest.param((), 0, id="absent"),
        pytest.param(("Age: 0",), 0, id="zero"),
        pytest.param(("Age: 00030",), 30, id="leading-zeros"),
        pytest.param(("Age: abc",), 0, id="letters"),
        pytest.param(("Age: -30",), 0, id="negative"),
        pytest.param(("Age: 30.0",), 0, id="decimal"),
        pytest.param(('Age: "30"',), 0, id="quoted"),
        pytest.param(("Age: 30, 0",), 30, id="list-the-first"),
        pytest.param(("Age: 0, 30",), 0, id="list-the-first-although-smaller"),
        pytest.param(("Age: 30", "Age: 0"), 30, id="two-lines-the-first"),
        pytest.param(("Age: 0", "Age: 30"), 0, id="two-lines-the-first-although-smaller"),
        pytest.param(("Age:",), 0, id="empty"),
    ],
)
async def test_section_5_1_age_comes_in_and_goes_out_once(age, told):
    async with http_cache() as cache:
        first, again = await cache.twice(said("200 OK", "Cache-Control: max-age=3600", *age))
        cache.clock.passes(5)
        late = await cache.get()
    assert "stored" in first.cache_status
    assert again.hit
    assert again.all("Age") == [str(told)]
    assert late.all("Age") == [str(told + 5)]
    ttl = int(late.cache_status.partition("ttl=")[2])
    assert 3600 - told - 5 - 8 <= ttl <= 3600 - told - 5  # spans are kept to 0.2 %, rounded down


@pytest.mark.parametrize(("age", "hit"), [(59, True), (60, False), (7200, False), (2**31, False), (10**30, False)])
async def test_section_4_2_an_age_over_the_lifetime_is_stale(age, hit):
    async with http_cache() as cache:
        _, again = await cache.twice(said("200 OK", "Cache-Control: max-age=61", f"Age: {age + 1}", 'ETag: "x"'))
    assert again.hit is hit


async def test_section_4_2_3_a_slow_answer_is_older_by_what_it_took():
    async with http_cache() as cache:

        async def script(_, wire):
            cache.clock.passes(20)  # its head comes 20 s after it was made
            await wire.send(said("200 OK", "Cache-Control: max-age=60", f"Date: {cache.at(-20)}"))

        cache.origin.answers("/a", script)
        await cache.get()
        again = await cache.get()
    assert again.get("Age") == "20"


@pytest.mark.parametrize(("ago", "share"), [(10, 0), (600, 58), (6_200, 61), (864_000, 86_000), (10_000_000, 86_000)])
async def test_section_4_2_2_a_lifetime_that_is_guessed_is_a_tenth_and_a_day_at_most(ago, share):
    assert await lasts((f"Last-Modified: {{-{ago}}}", "Date: {+0}")) == share


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(("Last-Modified: {+600}", "Date: {+0}"), id="modified-in-the-future"),
        pytest.param(("Last-Modified: yesterday", "Date: {+0}", 'ETag: "x"'), id="no-date"),
        pytest.param(("Last-Modified: {-6000}", "Expires: 0"), id="5.3-expires-says-stale"),
        pytest.param(("Last-Modified: {-6000}", "Cache-Control: max-age=x"), id="1.2.2-stated-and-malformed"),
        pytest.param(("Last-Modified: {-6000}", "Cache-Control: no-cache"), id="5.2.2.4-no-cache"),
        pytest.param((), id="nothing-to-guess-from"),
    ],
)
async def test_section_4_2_2_nothing_is_guessed(fields):
    assert await lasts(fields) is None


async def test_section_4_2_2_a_query_does_not_keep_from_guessing():
    async with http_cache() as cache:
        cache.origin.answers("/a", said("200 OK", f"Last-Modified: {cache.at(-6000)}"))
        await cache.get("/a?x=1")
        assert (await cache.get("/a?x=1")).hit
        assert not (await cache.get("/a?x=2")).hit


async def test_rfc_9110_6_6_1_date_stays_as_it_came_and_is_made_where_there_was_none():
    async with http_cache() as cache:
        cache.origin.answers("/a", said("200 OK", "Cache-Control: max-age=60", f"Date: {cache.at(-5)}"))
        cache.origin.answers("/b", said("200 OK", "Cache-Control: max-age=60"))
        stated, made = cache.at(-5), cache.at(0)
        for path in ("/a", "/b"):
            await cache.get(path)
        cache.clock.passes(10)
        dates = [(await cache.get(path)).all("Date") for path in ("/a", "/b")]
    assert dates == [[stated], [made]]


async def test_section_5_5_warning_is_not_generated():
    async with http_cache() as cache:
        answer = said("200 OK", "Cache-Control: max-age=10, stale-while-revalidate=100000", 'ETag: "x"')
        await cache.twice(answer)
        cache.clock.passes(90_000)
        stale = await cache.get()
    assert stale.hit
    assert stale.get("Warning") is None


async def test_section_4_2_a_clock_that_was_set_back_makes_nothing_fresh():
    async with http_cache() as cache:
        await cache.twice(said("200 OK", "Cache-Control: max-age=60"))
        cache.clock.passes(-3600)
        assert not (await cache.get()).hit


async def test_section_4_2_1_the_routes_ttl_bounds_what_is_stated():
    async with http_cache(ttl="1m") as cache:
        await cache.twice(said("200 OK", "Cache-Control: max-age=3600"))
        cache.clock.passes(58)
        assert (await cache.get()).hit
        cache.clock.passes(3)
        assert not (await cache.get()).hit
