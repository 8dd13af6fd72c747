import pytest

from gateway.model.fields import Fields
from gateway.policy.http.ranges import (
    Instead,
    Part,
    Spec,
    content_range,
    parse,
    partial,
    requested,
    satisfy,
    unsatisfied,
)
from tests.support.policy import request

BODY = bytes(range(256)) * 4


@pytest.mark.parametrize(
    ("value", "specs"),
    [
        pytest.param(b"bytes=0-499", (Spec(0, 499),), id="9110-14.1.2-first-and-last"),
        pytest.param(b"bytes=500-", (Spec(500, None),), id="9110-14.1.2-to-the-end"),
        pytest.param(b"bytes=-500", (Spec(None, 500),), id="9110-14.1.2-suffix"),
        pytest.param(b"bytes=-0", (Spec(None, 0),), id="9110-14.1.2-suffix-of-nothing"),
        pytest.param(b"bytes=0-0,-1", (Spec(0, 0), Spec(None, 1)), id="9110-14.1.2-list"),
        pytest.param(b"bytes= 0-1 ,, 4-5 ,", (Spec(0, 1), Spec(4, 5)), id="9110-5.6.1-empty-members-and-white-space"),
        pytest.param(b"Bytes=0-1", (Spec(0, 1),), id="9110-14.1-units-without-case"),
        pytest.param(b"bytes=000-0001", (Spec(0, 1),), id="9110-14.1.1-zeros-in-front"),
        pytest.param(b"bytes=5-" + b"9" * 99, (Spec(5, 10**18),), id="9110-14.1.2-larger-than-any-body"),
        pytest.param(b"bytes=2-1", None, id="9110-14.1.1-ends-before-it-begins"),
        pytest.param(b"bytes=0-1,2-1", None, id="9110-14.2-one-malformed-spoils-all"),
        pytest.param(b"bytes=-", None, id="9110-14.1.1-no-figures"),
        pytest.param(b"bytes=--1", None, id="9110-14.1.1-negative"),
        pytest.param(b"bytes=1", None, id="9110-14.1.1-no-dash"),
        pytest.param(b"bytes=a-b", None, id="9110-14.1.1-letters"),
        pytest.param(b"bytes=0 - 1", None, id="9110-14.1.1-white-space-inside"),
        pytest.param(b"bytes=\xb2-\xb3", None, id="9110-14.1.1-digits-of-another-script"),
        pytest.param(b"bytes=", None, id="9110-14.1.1-nothing"),
        pytest.param(b"bytes 0-1", None, id="9110-14.2-no-equals-sign"),
        pytest.param(b"bytes =0-1", None, id="9110-14.2-white-space-before-equals-sign"),
        pytest.param(b"lines=0-1", None, id="9110-14.2-unknown-unit"),
        pytest.param(b"", None, id="9110-14.2-empty"),
        pytest.param(b"bytes=0-1, bytes=2-3", None, id="9110-14.2-two-lines-are-no-list"),
        pytest.param(b"bytes=" + b",".join([b"0-1"] * 16), (Spec(0, 1),) * 16, id="9110-14.2-sixteen"),
        pytest.param(b"bytes=" + b",".join([b"0-1"] * 17), None, id="9110-14.2-too-many"),
    ],
)
def test_range_is_read_or_ignored(value: bytes, specs: tuple[Spec, ...] | None) -> None:
    assert parse(value) == specs


@pytest.mark.parametrize(
    ("method", "asks"),
    [
        pytest.param(b"GET", True, id="9110-14.2-get"),
        pytest.param(b"HEAD", False, id="9110-14.2-not-head"),
        pytest.param(b"POST", False, id="9110-14.2-not-post"),
    ],
)
def test_get_alone_has_ranges(method: bytes, asks: bool) -> None:
    assert (requested(request(method, fields=((b"Range", b"bytes=0-1"),))) is not None) is asks
    assert requested(request(method)) is None


@pytest.mark.parametrize(
    ("value", "size", "answer"),
    [
        pytest.param(b"0-499", 1000, (Part(0, 499),), id="9110-14.1.2-first-and-last"),
        pytest.param(b"500-", 1000, (Part(500, 999),), id="9110-14.1.2-to-the-end"),
        pytest.param(b"-500", 1000, (Part(500, 999),), id="9110-14.1.2-suffix"),
        pytest.param(b"-5000", 1000, (Part(0, 999),), id="9110-14.1.2-suffix-longer-than-all"),
        pytest.param(b"900-5000", 1000, (Part(900, 999),), id="9110-14.1.2-last-behind-the-end"),
        pytest.param(b"0-", 1000, (Part(0, 999),), id="9110-15.3.7-all-of-it-is-a-part-too"),
        pytest.param(b"1000-", 1000, Instead.UNSATISFIABLE, id="9110-15.5.17-behind-the-end"),
        pytest.param(b"-0", 1000, Instead.UNSATISFIABLE, id="9110-14.1.2-suffix-of-nothing"),
        pytest.param(b"5000-,0-0", 1000, (Part(0, 0),), id="9110-14.1.2-one-of-two-behind-the-end"),
        pytest.param(b"5000-,-0", 1000, Instead.UNSATISFIABLE, id="9110-15.5.17-all-behind-the-end"),
        pytest.param(b"500-599,0-99", 1000, (Part(500, 599), Part(0, 99)), id="9110-15.3.7.2-order-as-asked-for"),
        pytest.param(b"0-99,50-199", 1000, (Part(0, 199),), id="9110-15.3.7.2-overlapping"),
        pytest.param(b"0-99,100-199", 1000, (Part(0, 199),), id="9110-15.3.7.2-adjacent"),
        pytest.param(b"0-99,180-199", 1000, (Part(0, 199),), id="9110-15.3.7.2-gap-smaller-than-a-head"),
        pytest.param(b"0-99,181-199", 1000, (Part(0, 99), Part(181, 199)), id="9110-15.3.7.2-gap-as-large-as-a-head"),
        pytest.param(
            b"900-999,0-99,300-399,50-199", 1000, (Part(900, 999), Part(0, 199), Part(300, 399)), id="9110-15.3.7.2-mix"
        ),
        pytest.param(b"0-,0-,0-,0-", 1000, Instead.WHOLE, id="9110-17.15-overlapping-many-times"),
        pytest.param(b"0-", 0, Instead.WHOLE, id="9110-14.1.2-nothing-to-divide"),
        pytest.param(b"-1", 0, Instead.WHOLE, id="9110-14.1.2-nothing-to-divide-suffix"),
    ],
)
def test_ranges_are_laid_over_a_body(value: bytes, size: int, answer: tuple[Part, ...] | Instead) -> None:
    specs = parse(b"bytes=" + value)
    assert specs is not None
    assert satisfy(specs, size) == answer


def test_rfc_9110_15_3_7_1_one_part_has_the_fields_of_the_whole_and_its_place() -> None:
    whole = Fields(
        ((b"ETag", b'"1"'), (b"Content-Type", b"image/png"), (b"Content-Length", b"1024"), (b"Content-MD5", b"x"))
    )
    part = partial(whole, BODY, (Part(1, 3),), b"b")
    assert part.body == b"\x01\x02\x03"
    assert part.fields == (
        (b"ETag", b'"1"'),
        (b"Content-Type", b"image/png"),
        (b"Content-Range", b"bytes 1-3/1024"),
    )


def test_rfc_9110_15_3_7_2_several_parts_are_multipart_and_bear_no_content_range() -> None:
    whole = Fields(((b"Content-Type", b"text/plain"), (b"Date", b"d")))
    parts = partial(whole, b"0123456789", (Part(0, 1), Part(8, 9)), b"XX")
    assert parts.fields == ((b"Date", b"d"), (b"Content-Type", b"multipart/byteranges; boundary=XX"))
    assert parts.body == (
        b"--XX\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\n01\r\n"
        b"--XX\r\nContent-Type: text/plain\r\nContent-Range: bytes 8-9/10\r\n\r\n89\r\n"
        b"--XX--\r\n"
    )


def test_rfc_9110_15_3_7_2_a_body_of_no_type_has_parts_of_none() -> None:
    parts = partial(Fields(), b"0123456789", (Part(0, 0), Part(9, 9)), b"X")
    assert b"Content-Type" not in parts.body


def test_rfc_9110_14_4_content_range_tells_place_and_size() -> None:
    assert content_range(Part(0, 9), 10) == b"bytes 0-9/10"
    assert content_range(Part(0, 9), None) == b"bytes 0-9/*"
    assert unsatisfied(10) == b"bytes */10"
    assert Part(0, 9).length == 10
