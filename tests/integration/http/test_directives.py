"""Directives (RFC 9111 section 5.2, RFC 9213) that are odd, over sockets: what of them counts."""

import pytest

from tests.support.http_cache import http_cache
from tests.support.origin import said

CONTROL, TARGETED = "Cache-Control: ", "CDN-Cache-Control: "


@pytest.mark.parametrize(
    ("fields", "stored"),
    [
        pytest.param((CONTROL + "foo, bar=1, max-age=60",), True, id="5.2.3-unknown"),
        pytest.param((CONTROL + 'foo="no-store, private", max-age=60',), True, id="5.2-in-a-string"),
        pytest.param((CONTROL + 'foo="a\\", no-store, b", max-age=60',), True, id="5.2-in-a-string-with-an-escape"),
        pytest.param((CONTROL + 'foo="a\\\\", no-store, max-age=60',), False, id="5.2-behind-an-escaped-backslash"),
        pytest.param((CONTROL + 'foo="no-store, max-age=60',), False, id="5.2-in-a-string-that-never-ends"),
        pytest.param((CONTROL + "no-store=foo, max-age=60",), False, id="5.2.2.5-with-an-argument"),
        pytest.param((CONTROL + '"no-store", max-age=60',), True, id="5.2-a-quoted-name-is-none"),
        pytest.param((CONTROL + "no-stores, max-age=60",), True, id="5.2-a-longer-name"),
        pytest.param((CONTROL + "no_store, max-age=60",), True, id="5.2-another-spelling"),
        pytest.param((CONTROL + "no-store; max-age=60",), False, id="5.2-semicolon"),
        pytest.param((CONTROL + "max-age=60;no-store",), False, id="5.2-semicolon-behind-a-value"),
        pytest.param((CONTROL + "max-age=60 no-store",), False, id="5.2-no-comma"),
        pytest.param((CONTROL + ",,, max-age=60 ,,",), True, id="9110-5.6.1-empty-members"),
        pytest.param((CONTROL + "\tmax-age=60\t",), True, id="9110-5.6.3-tabs"),
        pytest.param((CONTROL.upper() + "MAX-AGE=60",), True, id="5.2-without-case"),
        pytest.param((CONTROL + "a" * 6000 + ", max-age=60",), True, id="5.2-a-long-one"),
        pytest.param((CONTROL + "a," * 3000 + "max-age=60",), True, id="5.2-many"),
        pytest.param((CONTROL + "max-age=60", CONTROL + "max-age=60"), True, id="5.2-twice-alike"),
        pytest.param((CONTROL + "max-age=60, public, public",), True, id="5.2-said-twice"),
        pytest.param((CONTROL + "public=x, max-age=60",), True, id="5.2.2.9-public-with-an-argument"),
        pytest.param((CONTROL + "only-if-cached, max-stale, min-fresh=5, max-age=60",), True, id="5.2.1-of-requests"),
        pytest.param((CONTROL + "no-transform, max-age=60",), True, id="5.2.2.6-no-transform"),
        pytest.param((CONTROL + "private='x', max-age=60",), False, id="5.2.2.7-single-quotes"),
        pytest.param((CONTROL + 'private="content-type", max-age=60',), False, id="5.2.2.7-names-what-is-needed"),
        pytest.param((TARGETED + "no-store=?0, max-age=60",), True, id="8941-3.3.6-false"),
        pytest.param((TARGETED + "no-store=?1, max-age=60",), False, id="8941-3.3.6-true"),
        pytest.param((TARGETED + "no-store=1, max-age=60",), False, id="9213-2.1-of-a-wrong-type"),
        pytest.param((TARGETED + "max-age=0, max-age=60",), True, id="8941-4.2-the-last-of-two"),
        pytest.param((TARGETED + "max-age=60;foo=1",), True, id="8941-3.1.2-parameters"),
        pytest.param((TARGETED + "max-age=60", TARGETED + "foo"), True, id="8941-4.2-two-lines"),
        pytest.param((TARGETED + "max-age=60,", CONTROL + "no-store"), False, id="8941-4.2-trailing-comma"),
        pytest.param((TARGETED + "max-age=60, No-Store", CONTROL + "no-store"), False, id="8941-3.2-upper-case"),
        pytest.param(("Surrogate-Control: max-age=60",), False, id="9213-3-fields-that-the-route-does-not-name"),
        pytest.param(("Pragma: no-cache", CONTROL + "max-age=60"), True, id="5.4-pragma-says-nothing-here"),
    ],
)  # fmt: skip
async def test_section_5_2_odd_directives(fields, stored):
    async with http_cache() as cache:
        first, again = await cache.twice(said("200 OK", *fields))
    assert ("stored" in first.cache_status) is stored
    assert again.hit is stored


@pytest.mark.parametrize(
    ("targets", "fields", "stored"),
    [
        pytest.param([], (TARGETED + "max-age=60",), False, id="none"),
        pytest.param([], (TARGETED + "no-store", CONTROL + "max-age=60"), True, id="none-forbids-nothing"),
        pytest.param(
            ["ragfront-cache-control", "cdn-cache-control"],
            ("Ragfront-Cache-Control: max-age=60", TARGETED + "no-store", CONTROL + "no-store"),
            True,
            id="the-first-one-counts",
        ),
        pytest.param(
            ["ragfront-cache-control", "cdn-cache-control"],
            ("Ragfront-Cache-Control: &", TARGETED + "max-age=60", CONTROL + "no-store"),
            True,
            id="the-first-that-can-be-read",
        ),
        pytest.param(
            ["surrogate-control"], ("Surrogate-Control: max-age=60", CONTROL + "no-store"), True, id="any-name"
        ),
    ],
)
async def test_rfc_9213_3_1_the_routes_list_of_targeted_fields(targets, fields, stored):
    async with http_cache(targets=targets) as cache:
        _, again = await cache.twice(said("200 OK", *fields))
    assert again.hit is stored


async def test_rfc_9213_2_2_targeted_fields_are_passed_on_as_they_came():
    async with http_cache() as cache:
        first, again = await cache.twice(said("200 OK", TARGETED + "max-age=60", CONTROL + "no-cache"))
    for answer in (first, again):
        assert answer.get("CDN-Cache-Control") == "max-age=60"
        assert answer.get("Cache-Control") == "no-cache"
