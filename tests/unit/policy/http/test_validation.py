import pytest

from gateway.model.fields import Fields, Pairs
from gateway.policy.http.validation import (
    MOST_TAGS,
    HeadVerdict,
    conditions,
    freshened,
    head_freshens,
    selects,
)
from gateway.policy.http.vary import StoredVariant, selecting
from tests.support.policy import request

EARLY = b"Sun, 06 Nov 1994 08:49:36 GMT"
LATE = b"Sun, 06 Nov 1994 08:49:37 GMT"


def stored(*pairs: tuple[bytes, bytes], status: int = 200, received: float = 0.0) -> StoredVariant:
    return StoredVariant(Fields(pairs), status=status, received=received)


ONE = stored((b"ETag", b'"1"'), (b"Last-Modified", EARLY))
TWO = stored((b"ETag", b'"2"'), (b"Last-Modified", LATE))
WEAK = stored((b"ETag", b'W/"1"'))
DATED = stored((b"Last-Modified", EARLY))
PLAIN = stored((b"Date", EARLY))
BY_TAG, BY_DATE = (b"If-None-Match", b'"1"'), (b"If-Modified-Since", EARLY)


@pytest.mark.parametrize(
    ("variants", "added"),
    [
        pytest.param((ONE,), (BY_TAG, BY_DATE), id="9111-4.3.1-both-validators-of-one"),
        pytest.param((DATED,), (BY_DATE,), id="9111-4.3.1-date-alone"),
        pytest.param((WEAK,), ((b"If-None-Match", b'W/"1"'),), id="9111-4.3.1-weak-tag"),
        pytest.param((PLAIN,), (), id="9111-4.3.1-no-validator"),
        pytest.param((), (), id="9111-4.3.1-nothing-stored"),
        pytest.param((ONE, TWO), ((b"If-None-Match", b'"2", "1"'),), id="9111-4.3.1-tags-of-all-and-no-date"),
        pytest.param((ONE, ONE), (BY_TAG,), id="9111-4.3.1-each-tag-once"),
        pytest.param((DATED, DATED), (), id="9111-4.3.1-a-date-means-one-of-several"),
        pytest.param((stored((b"ETag", b"1")),), (), id="9110-8.8.3-malformed-tag"),
        pytest.param((stored((b"Last-Modified", b"0")),), (), id="9110-8.8.2-no-date"),
        pytest.param((stored((b"ETag", b'"1"'), status=404),), (), id="9110-13.2.1-of-a-200-only"),
        pytest.param(
            (stored((b"ETag", b'"1"'), (b"Date", EARLY)), stored((b"ETag", b'"2"'), (b"Date", LATE))),
            ((b"If-None-Match", b'"2", "1"'),),
            id="9111-4.3.1-latest-first",
        ),
    ],
)
def test_validators_of_what_is_stored_are_sent(variants: tuple[StoredVariant, ...], added: Pairs) -> None:
    assert conditions(variants, request(b"GET", fields=((b"If-None-Match", b'"9"'),))) == added


def test_rfc_9111_4_3_2_tags_of_the_client_are_asked_for_on_demand() -> None:
    asked = request(b"GET", fields=((b"If-None-Match", b'"9", "1", W/"8"'),))
    assert conditions((ONE,), asked, union=True) == ((b"If-None-Match", b'"1", "9", W/"8"'), BY_DATE)
    assert conditions((DATED,), asked, union=True) == (BY_DATE,)


def test_rfc_9111_4_3_1_a_request_names_so_many_tags_only() -> None:
    many = [stored((b"ETag", b'"%d"' % i)) for i in range(MOST_TAGS + 9)]
    ((_, value),) = conditions(many, request(b"GET"))
    assert value.count(b",") == MOST_TAGS - 1


@pytest.mark.parametrize(
    ("variants", "answer", "chosen"),
    [
        pytest.param((ONE, TWO), ((b"ETag", b'"2"'),), (1,), id="9111-4.3.4-strong-tag"),
        pytest.param((ONE, TWO, ONE), ((b"ETag", b'"1"'),), (0, 2), id="9111-4.3.4-strong-tag-of-several"),
        pytest.param((ONE,), ((b"ETag", b'"3"'),), (), id="9111-4.3.4-strong-tag-of-none"),
        pytest.param((WEAK,), ((b"ETag", b'"1"'),), (), id="9111-4.3.4-strong-tag-is-not-a-weak-one"),
        pytest.param((DATED,), ((b"ETag", b'"1"'), (b"Last-Modified", EARLY)), (), id="9111-4.3.4-tag-before-date"),
        pytest.param((WEAK, TWO), ((b"ETag", b'W/"1"'),), (0,), id="9111-4.3.4-weak-tag"),
        pytest.param((ONE,), ((b"ETag", b'W/"1"'),), (0,), id="9110-8.8.3.2-weak-tag-of-a-strong-one"),
        pytest.param((WEAK, WEAK), ((b"ETag", b'W/"1"'),), (1,), id="9111-4.3.4-weak-tag-the-latest-only"),
        pytest.param((WEAK, TWO), ((b"ETag", b'W/"3"'),), (), id="9111-4.3.4-weak-tag-of-none"),
        pytest.param((ONE, TWO), ((b"Last-Modified", LATE),), (1,), id="9111-4.3.4-date"),
        pytest.param((ONE,), ((b"Last-Modified", LATE),), (), id="9111-4.3.4-date-of-none"),
        pytest.param((PLAIN,), (), (0,), id="9111-4.3.4-no-validator-anywhere"),
        pytest.param((ONE,), (), (0,), id="9111-4.3.4-the-only-one-that-was-asked-about"),
        pytest.param((ONE, TWO), (), (), id="9111-4.3.4-no-validator-and-several"),
        pytest.param((), ((b"ETag", b'"1"'),), (), id="9111-4.3.4-nothing-stored"),
        pytest.param((stored((b"ETag", b'"1"'), status=404),), ((b"ETag", b'"1"'),), (), id="9111-4.3.4-of-a-200-only"),
    ],
)
def test_304_freshens_what_it_names(
    variants: tuple[StoredVariant, ...], answer: Pairs, chosen: tuple[int, ...]
) -> None:
    assert selects(variants, request(b"GET"), Fields(answer)) == chosen


GERMAN = request(b"GET", fields=((b"Accept-Language", b"de"),))
ENGLISH = request(b"GET", fields=((b"Accept-Language", b"en"),))


def german(*pairs: tuple[bytes, bytes]) -> StoredVariant:
    fields = Fields(((b"Vary", b"Accept-Language"), *pairs))
    return StoredVariant(fields, selecting((b"accept-language",), GERMAN))


@pytest.mark.parametrize(
    ("variant", "added", "answer", "chosen"),
    [
        pytest.param(german((b"ETag", b'"1"')), (BY_TAG,), ((b"ETag", b'"1"'),), (0,), id="9111-4.3.1-strong-tag"),
        pytest.param(german((b"ETag", b'W/"1"')), (), ((b"ETag", b'W/"1"'),), (), id="9111-4.3.1-weak-tag"),
        pytest.param(german((b"Last-Modified", EARLY)), (), ((b"Last-Modified", EARLY),), (), id="9111-4.3.1-date"),
        pytest.param(german(), (), (), (), id="9111-4.3.4-nothing-named"),
    ],
)
def test_of_another_variant_only_a_strong_tag_means_anything(
    variant: StoredVariant, added: Pairs, answer: Pairs, chosen: tuple[int, ...]
) -> None:
    assert conditions([variant], ENGLISH) == added
    assert selects([variant], ENGLISH, Fields(answer)) == chosen
    assert selects([variant], GERMAN, Fields(answer)) == (0,)


@pytest.mark.parametrize(
    ("before", "answer", "after"),
    [
        pytest.param(((b"Date", EARLY),), ((b"Date", LATE),), ((b"Date", LATE),), id="9111-3.2-replaced"),
        pytest.param((), ((b"X-New", b"1"),), ((b"X-New", b"1"),), id="9111-3.2-added"),
        pytest.param(((b"X-Old", b"1"),), (), ((b"X-Old", b"1"),), id="9111-3.2-kept"),
        pytest.param(
            ((b"X-A", b"1"), (b"X-B", b"2"), (b"x-a", b"3")),
            ((b"x-a", b"4"), (b"X-C", b"5"), (b"X-A", b"6")),
            ((b"x-a", b"4"), (b"X-A", b"6"), (b"X-B", b"2"), (b"X-C", b"5")),
            id="9111-3.2-all-lines-of-a-name",
        ),
        pytest.param(
            ((b"Cache-Control", b"max-age=1, public"),),
            ((b"Cache-Control", b"max-age=2"),),
            ((b"Cache-Control", b"max-age=2"),),
            id="9111-3.2-directives-are-not-merged",
        ),
        pytest.param(((b"Content-Length", b"3"),), ((b"Content-Length", b"0"),), None, id="9111-3.2-length"),
        pytest.param(((b"Content-Encoding", b"gzip"),), ((b"Content-Encoding", b"br"),), None, id="9111-3.2-coding"),
        pytest.param(((b"Content-Type", b"a/b"),), ((b"Content-Type", b"text/html"),), None, id="9111-3.2-type"),
        pytest.param(
            ((b"Content-Type", b"A/b"),),
            ((b"Content-Type", b"a/B ;charset=utf-8"),),
            ((b"Content-Type", b"a/B ;charset=utf-8"),),
            id="9111-3.2-parameters-of-the-same-type",
        ),
        pytest.param(((b"Content-Type", b"a/b;c=1"),), ((b"Content-Type", b"a/b"),), None, id="9111-3.2-bare-type"),
        pytest.param((), ((b"Content-Type", b"a/b;c=1"),), None, id="9111-3.2-type-where-there-was-none"),
        pytest.param((), ((b"Content-Type", b";c=1"),), None, id="9111-3.2-no-type-at-all"),
        pytest.param((), ((b"Content-Range", b"bytes 0-0/1"),), None, id="9111-3.2-range"),
        pytest.param((), ((b"Content-Digest", b"sha-256=:x:"),), None, id="9530-2-digest-of-no-body"),
        pytest.param(((b"ETag", b'"1"'),), ((b"ETag", b'W/"1"'),), None, id="9111-3.2-tag-is-not-weakened"),
        pytest.param((), ((b"ETag", b'W/"1"'),), ((b"ETag", b'W/"1"'),), id="9111-3.2-tag-where-there-was-none"),
        pytest.param((), ((b"Age", b"10"),), None, id="9111-4.2.3-age-is-counted-elsewhere"),
        pytest.param((), ((b"Set-Cookie", b"a=1"),), None, id="9111-7.3-cookies-of-one-user"),
        pytest.param((), ((b"Connection", b"X-Hop"), (b"X-Hop", b"1")), None, id="9111-3.1-named-by-connection"),
        pytest.param((), ((b"Keep-Alive", b"1"), (b"Proxy-Authenticate", b"x")), None, id="9111-3.1-hop-by-hop"),
        pytest.param(
            ((b"X-User", b"1"),),
            ((b"Cache-Control", b'private="x-user"'), (b"X-User", b"2")),
            ((b"Cache-Control", b'private="x-user"'),),
            id="9111-5.2.2.7-fields-for-one-user",
        ),
        pytest.param(
            (),
            ((b"Cache-Control", b'no-cache="x-live"'), (b"X-Live", b"2")),
            ((b"Cache-Control", b'no-cache="x-live"'),),
            id="9111-5.2.2.4-fields-to-be-validated",
        ),
    ],
)
def test_fields_are_freshened(before: Pairs, answer: Pairs, after: Pairs | None) -> None:
    assert freshened(Fields(before), Fields(answer)) == (before if after is None else after)


def test_rfc_9110_6_6_1_a_304_without_date_is_of_when_it_came() -> None:
    assert freshened(Fields(((b"Date", EARLY),)), Fields(), received=784111777.0) == ((b"Date", LATE),)


def test_rfc_9111_7_3_cookies_are_freshened_where_they_are_kept() -> None:
    cookie = (b"Set-Cookie", b"a=2")
    assert freshened(Fields(((b"Set-Cookie", b"a=1"),)), Fields((cookie,)), set_cookie="keep") == (cookie,)


@pytest.mark.parametrize(
    ("before", "answer", "verdict"),
    [
        pytest.param(((b"ETag", b'"1"'),), ((b"ETag", b'"1"'),), HeadVerdict.FRESHEN, id="9111-4.3.5-same-tag"),
        pytest.param(((b"ETag", b'"1"'),), ((b"ETag", b'"2"'),), HeadVerdict.INVALIDATE, id="9111-4.3.5-other-tag"),
        pytest.param((), ((b"ETag", b'"2"'),), HeadVerdict.INVALIDATE, id="9111-4.3.5-a-tag-where-there-was-none"),
        pytest.param(
            ((b"Last-Modified", EARLY),), ((b"Last-Modified", EARLY),), HeadVerdict.FRESHEN, id="9111-4.3.5-same-date"
        ),
        pytest.param(
            ((b"ETag", b'"1"'), (b"Last-Modified", EARLY)),
            ((b"ETag", b'"1"'), (b"Last-Modified", LATE)),
            HeadVerdict.INVALIDATE,
            id="9111-4.3.5-all-validators-count",
        ),
        pytest.param((), ((b"Content-Length", b"10"),), HeadVerdict.FRESHEN, id="9111-4.3.5-same-length"),
        pytest.param((), ((b"Content-Length", b"11"),), HeadVerdict.INVALIDATE, id="9111-4.3.5-other-length"),
        pytest.param((), ((b"Content-Length", b"x"),), HeadVerdict.INVALIDATE, id="9111-4.3.5-no-length"),
        pytest.param(
            ((b"ETag", b'"1"'),),
            ((b"ETag", b'"1"'), (b"Content-Length", b"11")),
            HeadVerdict.INVALIDATE,
            id="9111-4.3.5-same-tag-other-length",
        ),
        pytest.param(((b"ETag", b'"1"'),), (), HeadVerdict.LEAVE, id="9111-4.3.5-nothing-to-compare"),
    ],
)
def test_head_freshens_or_invalidates_what_get_has_stored(before: Pairs, answer: Pairs, verdict: HeadVerdict) -> None:
    assert head_freshens(Fields(before), Fields(answer), length=10) is verdict


def test_rfc_9111_4_3_5_only_a_200_to_head_says_anything() -> None:
    assert head_freshens(Fields(), Fields(((b"ETag", b'"2"'),)), status=404) is HeadVerdict.LEAVE
