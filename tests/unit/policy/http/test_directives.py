import pytest

from gateway.model.fields import Fields, Pairs
from gateway.policy.http.directives import governing


def of(*pairs: tuple[bytes, bytes]) -> Fields:
    return Fields(pairs)


def cdn(value: bytes) -> Fields:
    return of((b"Cache-Control", b"max-age=7"), (b"CDN-Cache-Control", value))


@pytest.mark.parametrize(
    ("fields", "targeted", "max_age"),
    [
        pytest.param(of(), False, None, id="9111-5.2-absent"),
        pytest.param(of((b"Cache-Control", b"max-age=7")), False, 7, id="9111-5.2-cache-control"),
        pytest.param(of((b"Cache-Control", b"max-age=7"), (b"cache-control", b"max-age=5")), False, 5, id="two-lines"),
        pytest.param(of((b"Pragma", b"no-cache")), False, None, id="9111-5.4-pragma-is-for-requests"),
        pytest.param(cdn(b"max-age=60"), True, 60, id="9213-2.2-longer"),
        pytest.param(cdn(b"max-age=1"), True, 1, id="9213-2.2-shorter"),
        pytest.param(cdn(b"foo"), True, None, id="9213-2.2-replaces-all-of-it"),
        pytest.param(cdn(b""), False, 7, id="9213-2.1-empty"),
        pytest.param(cdn(b"max-age=60, &&&"), False, 7, id="9213-2.1-malformed"),
        pytest.param(cdn(b"max-age =60"), False, 7, id="9213-2.1-space-before-equals"),
        pytest.param(cdn(b"MAX-AGE=60"), False, 7, id="9213-2.1-upper-case"),
        pytest.param(cdn(b'max-age="60"'), True, 0, id="9213-2.1-string-is-no-number"),
        pytest.param(cdn(b"max-age=x60"), True, 0, id="9213-2.1-token-is-no-number"),
        pytest.param(cdn(b"max-age=60.5"), True, 0, id="9213-2.1-decimal-is-no-number"),
        pytest.param(cdn(b"max-age=-1"), True, 0, id="9111-1.2.2-negative"),
        pytest.param(cdn(b"max-age"), True, 0, id="9213-2.1-boolean-is-no-number"),
        pytest.param(cdn(b"max-age=(60)"), True, 0, id="9213-2.1-list-is-no-number"),
        pytest.param(cdn(b"max-age=10, max-age=60"), True, 60, id="8941-3.2-last-one-counts"),
        pytest.param(cdn(b"max-age=60;x=1"), True, 60, id="8941-3.1.2-parameters-are-ignored"),
        pytest.param(cdn(b"max-age=99999999999"), True, 2**31 - 1, id="9111-1.2.2-overflow"),
        pytest.param(
            of((b"CDN-Cache-Control", b"max-age=60"), (b"CDN-Cache-Control", b"foo")), True, 60, id="9213-2.1-lines"
        ),
    ],
)
def test_one_field_governs(fields: Fields, targeted: bool, max_age: int | None) -> None:
    found = governing(fields)
    assert found.targeted is targeted
    assert found.seconds(b"max-age") == max_age


@pytest.mark.parametrize(
    ("targets", "max_age"),
    [
        pytest.param((b"ragfront-cache-control", b"cdn-cache-control"), 1, id="9213-2.2-first-in-our-list"),
        pytest.param((b"cdn-cache-control", b"ragfront-cache-control"), 2, id="9213-2.2-not-first-in-the-answer"),
        pytest.param((b"x-cache-control", b"cdn-cache-control"), 2, id="9213-2.2-first-one-that-is-there"),
        pytest.param((b"broken-cache-control", b"cdn-cache-control"), 2, id="9213-2.2-first-one-that-is-valid"),
        pytest.param((), 3, id="9213-2.2-none-obeyed"),
    ],
)
def test_targets_count_by_precedence(targets: tuple[bytes, ...], max_age: int) -> None:
    fields = of(
        (b"Ragfront-Cache-Control", b"max-age=1"),
        (b"CDN-Cache-Control", b"max-age=2"),
        (b"Cache-Control", b"max-age=3"),
        (b"Broken-Cache-Control", b"max-age=4,"),
    )
    assert governing(fields, targets).seconds(b"max-age") == max_age


def test_a_targeted_field_sets_a_no_store_for_others_aside() -> None:  # RFC 9213 section 2.2
    fields = of((b"Cache-Control", b"no-store"), (b"CDN-Cache-Control", b"max-age=60, no-cache=?0"))
    assert not governing(fields).has(b"no-store", b"no-cache")


@pytest.mark.parametrize("name", [b"Cache-Control", b"CDN-Cache-Control"])
@pytest.mark.parametrize(
    ("value", "private", "no_cache", "withheld"),
    [
        pytest.param(b"max-age=5", False, False, (), id="neither"),
        pytest.param(b"private", True, False, (), id="5.2.2.7-all"),
        pytest.param(b'private="x-user"', False, False, (b"x-user",), id="5.2.2.7-listed"),
        pytest.param(b"private=x-user", True, False, (), id="5.2.2.7-token-form"),
        pytest.param(b"private=true", True, False, (), id="5.2.2.7-meant-as-a-flag"),
        pytest.param(b'private=""', True, False, (), id="5.2.2.7-empty-list"),
        pytest.param(b'private="content-type"', True, False, (), id="5.2.2.7-needed-field"),
        pytest.param(b'private="a, Vary"', True, False, (), id="5.2.2.7-needed-field-among-others"),
        pytest.param(b"private=5", True, False, (), id="5.2.2.7-number"),
        pytest.param(b"no-cache", False, True, (), id="5.2.2.4-all"),
        pytest.param(b'no-cache="Set-Cookie, x"', False, False, (b"set-cookie", b"x"), id="5.2.2.4-listed"),
        pytest.param(b'no-cache="expires"', False, True, (), id="5.2.2.4-needed-field"),
        pytest.param(b'no-cache="a", private="b"', False, False, (b"a", b"b"), id="both-listed"),
        pytest.param(b'no-cache, private="b"', False, True, (b"b",), id="one-listed"),
    ],
)
def test_what_private_and_no_cache_are_about(
    name: bytes, value: bytes, private: bool, no_cache: bool, withheld: tuple[bytes, ...]
) -> None:
    found = governing(of((name, value)))
    assert (found.private, found.no_cache, found.withheld) == (private, no_cache, frozenset(withheld))


def test_a_list_of_another_type_counts_as_none() -> None:  # RFC 9213 section 2.1
    pairs: Pairs = ((b"CDN-Cache-Control", b'private=("a" "b"), no-cache=1.5'),)
    found = governing(Fields(pairs))
    assert found.private
    assert found.no_cache
    assert found.withheld == frozenset()
