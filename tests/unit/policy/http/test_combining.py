import pytest

from gateway.model.fields import Fields, Pairs
from gateway.policy.http.combining import MOST, Fragment, combine, fragment, held
from gateway.policy.http.ranges import Part

TAG = b'"1"'


def part(first: int, body: bytes, size: int | None = 10, tag: bytes = TAG) -> Fragment:
    return Fragment(first, body, size, tag)


@pytest.mark.parametrize(
    ("stored", "new", "now"),
    [
        pytest.param((), part(0, b"0123456789"), b"0123456789", id="9111-3.4-all-at-once"),
        pytest.param((), part(0, b"0123"), (part(0, b"0123"),), id="9111-3.4-the-first"),
        pytest.param((part(0, b"01234"),), part(5, b"56789"), b"0123456789", id="9111-3.4-adjacent"),
        pytest.param((part(5, b"56789"),), part(0, b"0123456"), b"0123456789", id="9111-3.4-overlapping"),
        pytest.param((part(2, b"2345"),), part(0, b"0123456789"), b"0123456789", id="9111-3.4-the-whole-holds-a-part"),
        pytest.param((part(0, b"012345678"),), part(2, b"23"), (part(0, b"012345678"),), id="9111-3.4-nothing-new"),
        pytest.param((part(0, b"01"),), part(8, b"89"), (part(0, b"01"), part(8, b"89")), id="9111-3.4-a-gap-stays"),
        pytest.param((part(0, b"01"), part(8, b"89")), part(2, b"234567"), b"0123456789", id="9111-3.4-a-gap-closed"),
        pytest.param((part(0, b"01", None),), part(2, b"23", None), (part(0, b"0123", None),), id="9111-3.4-no-size"),
        pytest.param((part(0, b"01", None),), part(2, b"23", 4), b"0123", id="9111-3.4-size-told-later"),
        pytest.param((part(0, b"01234", tag=b'"0"'),), part(5, b"56789"), (part(5, b"56789"),), id="9111-3.4-new-tag"),
        pytest.param((part(0, b"01234", 11),), part(5, b"56789"), (part(5, b"56789"),), id="9111-3.4-other-size"),
        pytest.param((part(0, b"0123X"),), part(4, b"456789"), (part(4, b"456789"),), id="9111-3.4-contradiction"),
        pytest.param((part(0, b"01234", None),), part(2, b"23", 4), (part(2, b"23", 4),), id="9111-3.4-behind-the-end"),
    ],
)
def test_parts_of_one_strong_tag_are_put_together(
    stored: tuple[Fragment, ...], new: Fragment, now: bytes | tuple[Fragment, ...]
) -> None:
    assert combine(stored, new) == now


@pytest.mark.parametrize(
    ("status", "fields", "body", "expected"),
    [
        pytest.param(206, ((b"Content-Range", b"bytes 2-3/10"),), b"23", part(2, b"23"), id="9110-14.4-part"),
        pytest.param(206, ((b"Content-Range", b"bytes 2-3/*"),), b"23", part(2, b"23", None), id="9110-14.4-no-size"),
        pytest.param(200, ((b"Content-Range", b"bytes 2-3/10"),), b"23", None, id="9110-14.4-only-in-206"),
        pytest.param(206, ((b"Content-Range", b"bytes 2-3/10"),), b"2", None, id="9110-14.4-less-than-it-says"),
        pytest.param(206, ((b"Content-Range", b"bytes 3-2/10"),), b"", None, id="9110-14.4-ends-before-it-begins"),
        pytest.param(206, ((b"Content-Range", b"bytes 2-3/3"),), b"23", None, id="9110-14.4-behind-the-end"),
        pytest.param(206, ((b"Content-Range", b"bytes */10"),), b"23", None, id="9110-14.4-no-place"),
        pytest.param(206, ((b"Content-Range", b"lines 2-3/10"),), b"23", None, id="9110-14.4-other-unit"),
        pytest.param(206, (), b"23", None, id="9110-15.3.7.2-several-parts"),
        pytest.param(
            206, ((b"Content-Range", b"bytes 2-3/10"),) * 2, b"23", None, id="9110-14.4-two-places"
        ),
    ],
)  # fmt: skip
def test_part_is_read_from_a_206(status: int, fields: Pairs, body: bytes, expected: Fragment | None) -> None:
    assert fragment(status, Fields((*fields, (b"ETag", TAG))), body) == expected


@pytest.mark.parametrize("fields", [(), ((b"ETag", b'W/"1"'),), ((b"Last-Modified", b"x"),)])
def test_rfc_9110_15_3_7_3_parts_without_a_strong_tag_are_never_combined(fields: Pairs) -> None:
    assert fragment(206, Fields((*fields, (b"Content-Range", b"bytes 2-3/10"))), b"23") is None


def test_rfc_9111_3_3_a_part_answers_ranges_that_lie_in_it() -> None:
    stored = (part(0, b"012"), part(5, b"56789"))
    assert held(stored, Part(6, 8)) == b"678"
    assert held(stored, Part(5, 9)) == b"56789"
    assert held(stored, Part(2, 5)) is None
    assert held((), Part(0, 0)) is None


def test_of_very_many_parts_the_largest_are_kept() -> None:
    stored: tuple[Fragment, ...] = ()
    for first in [*range(2, 2 * MOST + 2, 2), 900, 0]:
        made = combine(stored, part(first, b"xy" if first == 900 else b"x", 1000))
        assert isinstance(made, tuple)
        stored = made
    assert len(stored) == MOST
    assert stored == tuple(sorted(stored, key=lambda each: each.first))
    assert part(900, b"xy", 1000) in stored
