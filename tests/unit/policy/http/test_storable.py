from typing import Any

import pytest

from gateway.model.fields import Fields, Pairs
from gateway.model.outcome import Reason
from gateway.policy.http.storable import storable
from tests.support.policy import request

NOW = 1_764_000_000.0
LATER = b"Wed, 18 Aug 2027 02:01:18 GMT"
EARLIER = b"Mon, 18 Aug 2025 02:01:18 GMT"
FRESH: Pairs = ((b"Cache-Control", b"max-age=60"),)
BASIC: Pairs = ((b"Authorization", b"Basic eDp5"),)


def of(
    fields: Pairs = FRESH,
    status: int = 200,
    *,
    method: bytes = b"GET",
    asked: Pairs = (),
    shared_identity: bool = True,
    **how: Any,
) -> Reason | None:
    asking = request(method, b"/page", asked)
    return storable(asking, status, Fields(fields), shared_identity=shared_identity, now=NOW, **how)


def control(value: bytes, *others: tuple[bytes, bytes]) -> Pairs:
    return ((b"Cache-Control", value), *others)


@pytest.mark.parametrize(
    ("method", "reason"),
    [
        pytest.param(b"GET", None, id="3-get"),
        pytest.param(b"HEAD", None, id="3-head"),
        pytest.param(b"POST", Reason.REQUEST_METHOD, id="3-post"),
        pytest.param(b"PUT", Reason.REQUEST_METHOD, id="3-put"),
        pytest.param(b"OPTIONS", Reason.REQUEST_METHOD, id="3-options"),
        pytest.param(b"get", Reason.REQUEST_METHOD, id="9110-9.1-methods-are-case-sensitive"),
        pytest.param(b"FOO", Reason.REQUEST_METHOD, id="3-unknown"),
    ],
)
def test_methods_that_are_understood(method: bytes, reason: Reason | None) -> None:
    assert of(method=method) is reason


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        pytest.param(((b"Cache-Control", b"no-store"),), Reason.REQUEST_NO_STORE, id="5.2.1.5-no-store"),
        pytest.param(((b"Cache-Control", b"no-cache, max-age=0"),), None, id="5.2.1.4-no-cache"),
        pytest.param(((b"Pragma", b"no-store"),), None, id="5.4-pragma"),
        pytest.param(((b"Range", b"bytes=0-1"),), None, id="3-whole-answer-to-a-range"),
        pytest.param(((b"If-None-Match", b'"x"'),), None, id="3-whole-answer-to-a-condition"),
        pytest.param(((b"Cookie", b"a=1"),), None, id="3-cookies-in-requests"),
    ],
)
def test_what_requests_forbid(asked: Pairs, reason: Reason | None) -> None:
    assert of(asked=asked) is reason


@pytest.mark.parametrize("status", [200, 203, 204, 300, 301, 302, 303, 307, 308, 400, 403, 404, 410, 500, 503, 504])
def test_final_answers_with_a_lifetime_are_stored(status: int) -> None:  # 3
    assert of(status=status) is None


@pytest.mark.parametrize("status", [299, 399, 499, 599])
def test_unknown_statuses_need_a_lifetime(status: int) -> None:  # 3
    assert of(status=status) is None
    assert of(control(b"s-maxage=60"), status) is None
    assert of(((b"Expires", LATER),), status) is None
    assert of(((b"ETag", b'"x"'), (b"Last-Modified", EARLIER)), status) is Reason.NOT_FRESH
    assert of(control(b"public", (b"Last-Modified", EARLIER)), status) is None


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        pytest.param(100, Reason.STATUS, id="3-not-final-100"),
        pytest.param(101, Reason.STATUS, id="3-not-final-101"),
        pytest.param(103, Reason.STATUS, id="3-not-final-103"),
        pytest.param(206, Reason.PARTIAL_CONTENT, id="3.3-206"),
        pytest.param(304, Reason.STATUS, id="4.3.4-304"),
        pytest.param(407, Reason.STATUS, id="9110-15.5.8-407"),
        pytest.param(408, Reason.STATUS, id="9110-15.5.9-408"),
        pytest.param(412, Reason.STATUS, id="9110-15.5.13-412"),
        pytest.param(416, Reason.STATUS, id="9110-15.5.17-416"),
        pytest.param(421, Reason.STATUS, id="9110-15.5.20-421"),
        pytest.param(425, Reason.STATUS, id="8470-5.2-425"),
        pytest.param(428, Reason.STATUS, id="6585-3-428"),
        pytest.param(429, Reason.STATUS, id="6585-4-429"),
        pytest.param(431, Reason.STATUS, id="6585-5-431"),
        pytest.param(511, Reason.STATUS, id="6585-6-511"),
        pytest.param(600, Reason.STATUS, id="9110-15-out-of-range"),
        pytest.param(999, Reason.STATUS, id="9110-15-far-out-of-range"),
    ],
)
def test_statuses_that_are_never_stored(status: int, reason: Reason) -> None:
    assert of(control(b"public, max-age=60"), status) is reason


def test_a_401_is_stored_only_where_credentials_are_in_the_key() -> None:
    assert of(control(b"public, max-age=60"), 401) is Reason.STATUS
    assert of(control(b"public, max-age=60"), 401, shared_identity=False) is None


def test_what_did_not_come_whole_is_not_stored() -> None:  # 3.3
    assert of(complete=False) is Reason.TRUNCATED
    assert of((*FRESH, (b"Content-Range", b"bytes 0-1/2"))) is Reason.PARTIAL_CONTENT


@pytest.mark.parametrize(
    ("value", "status", "reason"),
    [
        pytest.param(b"no-store", 200, Reason.NO_STORE, id="5.2.2.5-no-store"),
        pytest.param(b"No-StOrE", 200, Reason.NO_STORE, id="5.2.2.5-any-case"),
        pytest.param(b"max-age=60, no-store", 200, Reason.NO_STORE, id="5.2.2.5-beside-max-age"),
        pytest.param(b"max-age=60, public, no-store", 200, Reason.NO_STORE, id="5.2.2.5-beside-public"),
        pytest.param(b"no-store=1, max-age=60", 200, Reason.NO_STORE, id="5.2.2.5-with-an-argument"),
        pytest.param(b'max-age=60, x="no-store"', 200, None, id="5.2-inside-a-quoted-string"),
        pytest.param(b'max-age=60, x="y, no-store', 200, Reason.NO_STORE, id="5.2-swallowed-by-a-broken-string"),
        pytest.param(b"max-age=60, no-store, must-understand", 200, None, id="5.2.2.3-understood"),
        pytest.param(b"max-age=60, no-store, must-understand", 404, None, id="5.2.2.3-understood-404"),
        pytest.param(b"max-age=60, no-store, must-understand", 599, Reason.STATUS, id="5.2.2.3-not-understood"),
        pytest.param(b"max-age=60, must-understand", 599, Reason.STATUS, id="5.2.2.3-not-understood-without-no-store"),
        pytest.param(b"max-age=60, must-understand, private", 200, Reason.PRIVATE, id="5.2.2.3-still-private"),
        pytest.param(b"private, max-age=60", 200, Reason.PRIVATE, id="5.2.2.7-private"),
        pytest.param(b"private, s-maxage=60", 200, Reason.PRIVATE, id="5.2.2.7-beside-s-maxage"),
        pytest.param(b"private, public, max-age=60", 200, Reason.PRIVATE, id="5.2.2.7-beside-public"),
        pytest.param(b'private="x-user", max-age=60', 200, None, id="5.2.2.7-of-a-field"),
        pytest.param(b'private="", max-age=60', 200, Reason.PRIVATE, id="5.2.2.7-of-no-field"),
        pytest.param(b'private="cache-control", max-age=60', 200, Reason.PRIVATE, id="5.2.2.7-of-a-needed-field"),
        pytest.param(b"private=true, max-age=60", 200, Reason.PRIVATE, id="5.2.2.7-meant-as-a-flag"),
        pytest.param(b"foo, bar=baz, max-age=60", 200, None, id="5.2.3-unknown-directives"),
    ],
)
def test_what_directives_forbid(value: bytes, status: int, reason: Reason | None) -> None:
    assert of(control(value), status) is reason


@pytest.mark.parametrize(
    ("targeted", "plain", "reason"),
    [
        pytest.param(b"max-age=60", b"no-store", None, id="9213-2.2-over-no-store"),
        pytest.param(b"max-age=60", b"private", None, id="9213-2.2-over-private"),
        pytest.param(b"no-store", b"max-age=60", Reason.NO_STORE, id="9213-2.2-no-store"),
        pytest.param(b"private", b"max-age=60", Reason.PRIVATE, id="9213-2.2-private"),
        pytest.param(b"max-age=60, &&&", b"no-store", Reason.NO_STORE, id="9213-2.1-malformed"),
        pytest.param(b'max-age="60"', b"no-store", Reason.NOT_FRESH, id="9213-2.1-wrong-type"),
        pytest.param(b"", b"no-store", Reason.NO_STORE, id="9213-2.1-empty"),
    ],
)
def test_targeted_fields_govern(targeted: bytes, plain: bytes, reason: Reason | None) -> None:
    fields = control(plain, (b"CDN-Cache-Control", targeted), (b"Expires", LATER))
    assert of(fields) is reason
    assert of(fields, targets=()) is of(control(plain))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param(b"max-age=60", Reason.AUTHORIZATION, id="3.5-max-age"),
        pytest.param(b"max-age=60, public", None, id="3.5-public"),
        pytest.param(b"max-age=60, must-revalidate", None, id="3.5-must-revalidate"),
        pytest.param(b"s-maxage=60", None, id="3.5-s-maxage"),
        pytest.param(b"max-age=60, proxy-revalidate", Reason.AUTHORIZATION, id="3.5-proxy-revalidate"),
        pytest.param(b"max-age=60, immutable", Reason.AUTHORIZATION, id="3.5-immutable"),
        pytest.param(b'max-age=60, x="public"', Reason.AUTHORIZATION, id="3.5-quoted-public"),
    ],
)
def test_answers_to_credentials_are_shared_only_where_allowed(value: bytes, reason: Reason | None) -> None:
    assert of(control(value), asked=BASIC) is reason
    assert of(control(value), asked=BASIC, shared_identity=False) is None


@pytest.mark.parametrize(
    ("value", "cookie", "reason"),
    [
        pytest.param(b"max-age=60", b"Set-Cookie", Reason.SET_COOKIE, id="7.3-max-age"),
        pytest.param(b"max-age=60", b"Set-Cookie2", Reason.SET_COOKIE, id="7.3-set-cookie2"),
        pytest.param(b"max-age=60, public", b"Set-Cookie", None, id="7.3-public"),
        pytest.param(b"s-maxage=60", b"Set-Cookie", None, id="7.3-s-maxage"),
        pytest.param(b'max-age=60, no-cache="Set-Cookie"', b"set-cookie", None, id="5.2.2.4-named"),
        pytest.param(b'max-age=60, private="set-cookie"', b"Set-Cookie", None, id="5.2.2.7-named"),
        pytest.param(b'max-age=60, no-cache="set-cookie"', b"Set-Cookie2", Reason.SET_COOKIE, id="another-one-named"),
        pytest.param(b"max-age=60, must-revalidate", b"Set-Cookie", Reason.SET_COOKIE, id="7.3-must-revalidate"),
    ],
)
def test_answers_that_set_cookies(value: bytes, cookie: bytes, reason: Reason | None) -> None:
    fields = control(value, (cookie, b"sid=1"))
    assert of(fields) is reason
    assert of(fields, set_cookie="strip") is None
    assert of(fields, set_cookie="keep") is None


def test_each_field_that_sets_cookies_has_to_be_named() -> None:  # 5.2.2.4
    fields = control(b'max-age=60, no-cache="set-cookie"', (b"Set-Cookie", b"sid=1"), (b"Set-Cookie2", b"sid=1"))
    assert of(fields) is Reason.SET_COOKIE


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param(b"*", Reason.VARY_STAR, id="4.1-star"),
        pytest.param(b"Accept, *", Reason.VARY_STAR, id="4.1-star-among-names"),
        pytest.param(b"not a name", Reason.VARY_STAR, id="4.1-malformed"),
        pytest.param(b"Accept-Encoding", None, id="4.1-names"),
        pytest.param(b"", None, id="4.1-empty"),
    ],
)
def test_answers_that_nothing_matches(value: bytes, reason: Reason | None) -> None:
    assert of((*FRESH, (b"Vary", value))) is reason


@pytest.mark.parametrize(
    ("fields", "status", "reason"),
    [
        pytest.param((), 200, Reason.NOT_FRESH, id="3-says-nothing"),
        pytest.param(((b"ETag", b'"x"'),), 200, None, id="3-etag"),
        pytest.param(((b"ETag", b""),), 200, Reason.NOT_FRESH, id="9110-8.8.3-empty-etag"),
        pytest.param(((b"Last-Modified", EARLIER),), 200, None, id="4.2.2-last-modified"),
        pytest.param(((b"Last-Modified", EARLIER),), 404, None, id="4.2.2-404"),
        pytest.param(((b"Last-Modified", EARLIER),), 201, Reason.NOT_FRESH, id="4.2.2-201"),
        pytest.param(((b"Last-Modified", EARLIER),), 302, Reason.NOT_FRESH, id="4.2.2-302"),
        pytest.param(((b"Last-Modified", EARLIER),), 503, Reason.NOT_FRESH, id="4.2.2-503"),
        pytest.param(((b"Last-Modified", b"foo"),), 200, Reason.NOT_FRESH, id="9110-8.8.2-invalid"),
        pytest.param(((b"Expires", LATER),), 200, None, id="5.3-expires"),
        pytest.param(((b"Expires", EARLIER),), 200, Reason.NOT_FRESH, id="5.3-expired"),
        pytest.param(((b"Expires", b"0"), (b"ETag", b'"x"')), 200, None, id="5.3-expired-with-a-validator"),
        pytest.param(control(b"max-age=0"), 200, Reason.NOT_FRESH, id="4.2.1-never-fresh"),
        pytest.param(control(b"max-age=0", (b"ETag", b'"x"')), 503, None, id="4.2.1-never-fresh-with-a-validator"),
        pytest.param(control(b"max-age=0, stale-if-error=9"), 200, None, id="5861-4-never-fresh"),
        pytest.param(control(b"max-age=0, stale-if-error=9, must-revalidate"), 200, Reason.NOT_FRESH, id="5.2.2.2"),
        pytest.param(control(b"no-cache"), 200, Reason.NOT_FRESH, id="5.2.2.4-without-a-validator"),
        pytest.param(control(b"no-cache", (b"ETag", b'"x"')), 200, None, id="5.2.2.4-with-a-validator"),
        pytest.param(control(b"no-cache, max-age=60"), 200, Reason.NOT_FRESH, id="5.2.2.4-beside-max-age"),
        pytest.param(control(b"public"), 200, Reason.NOT_FRESH, id="5.2.2.9-public-alone"),
    ],
)
def test_what_can_never_be_used_is_not_stored(fields: Pairs, status: int, reason: Reason | None) -> None:
    assert of(fields, status) is reason
