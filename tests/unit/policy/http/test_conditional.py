import pytest

from gateway.model.fields import Fields, Pairs
from gateway.policy.http.conditional import (
    Verdict,
    entity_tag,
    entity_tags,
    evaluate,
    is_for_the_origin,
    not_modified_fields,
    range_applies,
    strong_tag,
)
from tests.support.policy import request

BEFORE = b"Sun, 06 Nov 1994 08:49:36 GMT"
CHANGED = b"Sun, 06 Nov 1994 08:49:37 GMT"
AFTER = b"Sun, 06 Nov 1994 08:49:38 GMT"
CHANGED_SECONDS = 784111777.0
OK, SAME, FAILED = Verdict.PROCEED, Verdict.NOT_MODIFIED, Verdict.PRECONDITION_FAILED
STRONG: Pairs = ((b"ETag", b'"1"'), (b"Last-Modified", CHANGED), (b"Date", AFTER))
WEAK: Pairs = ((b"ETag", b'W/"1"'), (b"Last-Modified", CHANGED), (b"Date", AFTER))
DATED: Pairs = ((b"Last-Modified", CHANGED), (b"Date", AFTER))


@pytest.mark.parametrize(
    ("value", "stored", "verdict"),
    [
        pytest.param(b'"1"', STRONG, SAME, id="9110-13.1.2-same"),
        pytest.param(b'"2"', STRONG, OK, id="9110-13.1.2-another"),
        pytest.param(b'"2", "1"', STRONG, SAME, id="9110-13.1.2-list"),
        pytest.param(b'"2","1",', STRONG, SAME, id="9110-5.6.1-list-with-empty-members"),
        pytest.param(b'W/"1"', STRONG, SAME, id="9110-8.8.3.2-weak-in-the-request"),
        pytest.param(b'"1"', WEAK, SAME, id="9110-8.8.3.2-weak-in-the-store"),
        pytest.param(b'W/"1"', WEAK, SAME, id="9110-8.8.3.2-weak-in-both"),
        pytest.param(b"*", STRONG, SAME, id="9110-13.1.2-any"),
        pytest.param(b" * ", DATED, SAME, id="9110-13.1.2-any-without-tag"),
        pytest.param(b'"*"', STRONG, OK, id="9110-13.1.2-a-tag-of-a-star"),
        pytest.param(b"1", STRONG, OK, id="9110-8.8.3-without-quotes"),
        pytest.param(b'"1', STRONG, OK, id="9110-8.8.3-without-end"),
        pytest.param(b"'1'", STRONG, OK, id="9110-8.8.3-other-quotes"),
        pytest.param(b'x "1"', STRONG, OK, id="9110-8.8.3-something-before-it"),
        pytest.param(b'junk, "1"', STRONG, SAME, id="9110-13.1.2-something-else-beside-it"),
        pytest.param(b"", STRONG, OK, id="9110-13.1.2-empty"),
        pytest.param(b'"1"', DATED, OK, id="9110-13.1.2-nothing-to-compare-with"),
        pytest.param(b'"a,b"', ((b"ETag", b'"a,b"'),), SAME, id="9110-8.8.3-comma-in-a-tag"),
        pytest.param(b'"a"', ((b"ETag", b'"a,b"'),), OK, id="9110-8.8.3-piece-of-a-tag"),
        pytest.param(b'""', ((b"ETag", b'""'),), SAME, id="9110-8.8.3-empty-tag"),
        pytest.param(b'"A"', ((b"ETag", b'"a"'),), OK, id="9110-8.8.3-tags-mind-case"),
        pytest.param(b'w/"1"', STRONG, OK, id="9110-8.8.3-weak-marks-mind-case"),
        pytest.param(b"1", ((b"ETag", b"1"),), OK, id="9110-8.8.3-no-tag-in-the-store"),
    ],
)
def test_if_none_match(value: bytes, stored: Pairs, verdict: Verdict) -> None:
    for method in (b"GET", b"HEAD"):
        assert evaluate(request(method, fields=((b"If-None-Match", value),)), Fields(stored)) is verdict
    others = FAILED if verdict is SAME else OK
    assert evaluate(request(b"PUT", fields=((b"If-None-Match", value),)), Fields(stored)) is others


@pytest.mark.parametrize(
    ("value", "stored", "verdict"),
    [
        pytest.param(CHANGED, DATED, SAME, id="9110-13.1.3-same"),
        pytest.param(AFTER, DATED, SAME, id="9110-13.1.3-later"),
        pytest.param(BEFORE, DATED, OK, id="9110-13.1.3-earlier"),
        pytest.param(b"Sunday, 06-Nov-94 08:49:37 GMT", DATED, SAME, id="9110-5.6.7-rfc850"),
        pytest.param(b"Sun Nov  6 08:49:37 1994", DATED, SAME, id="9110-5.6.7-asctime"),
        pytest.param(b"Sun, 06 Nov 1994 08:49:37 +0000", DATED, OK, id="9110-13.1.3-no-http-date"),
        pytest.param(b"0", DATED, OK, id="9110-13.1.3-no-date"),
        pytest.param(CHANGED + b", " + CHANGED, DATED, OK, id="9110-13.1.3-two-dates"),
        pytest.param(AFTER, ((b"Last-Modified", b"today"), (b"Date", CHANGED)), OK, id="9110-13.1.3-no-change-known"),
        pytest.param(CHANGED, ((b"Date", CHANGED),), SAME, id="9111-4.3.2-date-stands-in"),
        pytest.param(BEFORE, ((b"Date", CHANGED),), OK, id="9111-4.3.2-date-is-later"),
        pytest.param(CHANGED, (), SAME, id="9111-4.3.2-receipt-stands-in"),
        pytest.param(BEFORE, (), OK, id="9111-4.3.2-receipt-is-later"),
    ],
)
def test_if_modified_since(value: bytes, stored: Pairs, verdict: Verdict) -> None:
    def judged(method: bytes) -> Verdict:
        return evaluate(
            request(method, fields=((b"If-Modified-Since", value),)), Fields(stored), received=CHANGED_SECONDS
        )

    assert judged(b"GET") is judged(b"HEAD") is verdict
    assert judged(b"POST") is OK


@pytest.mark.parametrize(
    ("conditions", "stored", "verdict"),
    [
        pytest.param(((b"If-Match", b'"1"'),), STRONG, OK, id="9110-13.1.1-same"),
        pytest.param(((b"If-Match", b'"2", "1"'),), STRONG, OK, id="9110-13.1.1-list"),
        pytest.param(((b"If-Match", b'"2"'),), STRONG, FAILED, id="9110-13.1.1-another"),
        pytest.param(((b"If-Match", b"*"),), (), OK, id="9110-13.1.1-any"),
        pytest.param(((b"If-Match", b'W/"1"'),), STRONG, FAILED, id="9110-13.1.1-weak-in-the-request"),
        pytest.param(((b"If-Match", b'"1"'),), WEAK, FAILED, id="9110-13.1.1-weak-in-the-store"),
        pytest.param(((b"If-Match", b"1"),), STRONG, FAILED, id="9110-13.1.1-malformed"),
        pytest.param(((b"If-Unmodified-Since", CHANGED),), STRONG, OK, id="9110-13.1.4-same"),
        pytest.param(((b"If-Unmodified-Since", BEFORE),), STRONG, FAILED, id="9110-13.1.4-changed-later"),
        pytest.param(((b"If-Unmodified-Since", b"0"),), STRONG, OK, id="9110-13.1.4-no-date"),
        pytest.param(((b"If-Unmodified-Since", BEFORE),), ((b"Date", AFTER),), OK, id="9110-13.1.4-unknown-change"),
        pytest.param(
            ((b"If-Match", b'"1"'), (b"If-Unmodified-Since", BEFORE)), STRONG, OK, id="9110-13.2.2-tag-before-date"
        ),
        pytest.param(
            ((b"If-None-Match", b'"2"'), (b"If-Modified-Since", AFTER)), STRONG, OK, id="9110-13.2.2-tag-alone-counts"
        ),
        pytest.param(
            ((b"If-None-Match", b""), (b"If-Modified-Since", AFTER)), STRONG, OK, id="9110-13.1.3-even-an-empty-one"
        ),
        pytest.param(
            ((b"If-Match", b'"2"'), (b"If-None-Match", b'"1"')), STRONG, FAILED, id="9110-13.2.2-if-match-first"
        ),
        pytest.param(
            ((b"If-Match", b'"1"'), (b"If-None-Match", b'"1"')), STRONG, SAME, id="9110-13.2.2-if-none-match-next"
        ),
        pytest.param(
            ((b"If-None-Match", b'"2"'), (b"If-None-Match", b'"1"')), STRONG, SAME, id="9110-5.3-two-lines-are-a-list"
        ),
        pytest.param((), STRONG, OK, id="9110-13.2.2-no-conditions"),
    ],
)
def test_conditions_are_judged_in_order(conditions: Pairs, stored: Pairs, verdict: Verdict) -> None:
    assert evaluate(request(b"GET", fields=conditions), Fields(stored)) is verdict


@pytest.mark.parametrize("status", [206, 301, 404, 410, 500])
def test_rfc_9110_13_2_1_conditions_are_about_a_200(status: int) -> None:
    for condition in ((b"If-None-Match", b"*"), (b"If-Match", b'"2"')):
        assert evaluate(request(b"GET", fields=(condition,)), Fields(STRONG), status) is OK


@pytest.mark.parametrize(
    ("value", "stored", "applies"),
    [
        pytest.param(None, STRONG, True, id="9110-14.2-no-condition"),
        pytest.param(b'"1"', STRONG, True, id="9110-13.1.5-same-tag"),
        pytest.param(b'"2"', STRONG, False, id="9110-13.1.5-another-tag"),
        pytest.param(b'W/"1"', WEAK, False, id="9110-13.1.5-weak-tags-are-none"),
        pytest.param(b'"1"', WEAK, False, id="9110-13.1.5-weak-in-the-store"),
        pytest.param(b'"1", "2"', STRONG, False, id="9110-13.1.5-no-list"),
        pytest.param(b"*", STRONG, False, id="9110-13.1.5-no-star"),
        pytest.param(CHANGED, STRONG, True, id="9110-13.1.5-same-date"),
        pytest.param(AFTER, STRONG, False, id="9110-13.1.5-a-later-date-is-not-the-same"),
        pytest.param(b"Sun Nov  6 08:49:37 1994", STRONG, False, id="9110-13.1.5-not-as-it-was-sent"),
        pytest.param(
            CHANGED, ((b"Last-Modified", CHANGED), (b"Date", CHANGED)), False, id="9110-8.8.2.2-changed-that-second"
        ),
        pytest.param(CHANGED, ((b"Last-Modified", CHANGED),), False, id="9110-8.8.2.2-no-date"),
        pytest.param(b"junk", ((b"Last-Modified", b"junk"), (b"Date", AFTER)), False, id="9110-13.1.5-no-date-at-all"),
    ],
)
def test_if_range(value: bytes | None, stored: Pairs, applies: bool) -> None:
    fields = () if value is None else ((b"If-Range", value),)
    assert range_applies(request(b"GET", fields=fields), Fields(stored)) is applies


def test_rfc_9110_15_4_5_a_304_bears_what_caches_need_and_nothing_of_the_body() -> None:
    stored: Pairs = (
        (b"Date", AFTER), (b"etag", b'"1"'), (b"Last-Modified", CHANGED), (b"Content-Type", b"text/html"),
        (b"Content-Encoding", b"gzip"), (b"Vary", b"Accept"), (b"Cache-Control", b"max-age=1"), (b"Expires", AFTER),
        (b"Content-Location", b"/a"), (b"X-Other", b"1"), (b"CDN-Cache-Control", b"max-age=2"),
    )  # fmt: skip
    names = [name.lower() for name, _ in not_modified_fields(Fields(stored))]
    assert names == [
        b"date", b"etag", b"vary", b"cache-control", b"expires", b"content-location", b"cdn-cache-control"
    ]  # fmt: skip


def test_rfc_9110_15_4_5_last_modified_is_told_where_there_is_no_tag() -> None:
    assert not_modified_fields(Fields(DATED)) == DATED


@pytest.mark.parametrize(
    ("lines", "tag", "strong"),
    [
        pytest.param((b'"1"',), b'"1"', b'"1"', id="9110-8.8.3-strong"),
        pytest.param((b' W/"1" ',), b'W/"1"', None, id="9110-8.8.3-weak"),
        pytest.param((b'"1"', b'"2"'), None, None, id="9110-8.8.3-two-lines"),
        pytest.param((b'"1", "2"',), None, None, id="9110-8.8.3-two-in-a-line"),
        pytest.param((b"1",), None, None, id="9110-8.8.3-no-quotes"),
        pytest.param((), None, None, id="9110-8.8.3-none"),
    ],
)
def test_entity_tag_of_an_answer(lines: tuple[bytes, ...], tag: bytes | None, strong: bytes | None) -> None:
    fields = Fields([(b"ETag", line) for line in lines])
    assert (entity_tag(fields), strong_tag(fields)) == (tag, strong)


def test_lists_of_tags_are_read_in_order() -> None:
    assert entity_tags(b'"a" , W/"b,c",junk, "d"') == (b'"a"', b'W/"b,c"', b'"d"')


def test_rfc_9111_4_3_2_conditions_on_the_present_state_are_for_the_origin() -> None:
    assert is_for_the_origin(request(b"GET", fields=((b"If-Match", b"*"),)))
    assert is_for_the_origin(request(b"GET", fields=((b"If-Unmodified-Since", CHANGED),)))
    assert not is_for_the_origin(request(b"GET", fields=((b"If-None-Match", b"*"),)))
