import pytest

from gateway.model.fields import Fields, Pairs
from gateway.policy.http.vary import ABSENT, StoredVariant, choose, normalized, selecting
from tests.support.policy import request

EARLY = b"Sun, 06 Nov 1994 08:49:36 GMT"
LATE = b"Sun, 06 Nov 1994 08:49:37 GMT"


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        pytest.param(b"x-any", b" a ", b"a", id="9111-4.1-white-space-around"),
        pytest.param(b"accept-encoding", b"gzip,br", b"br , gzip", id="9111-4.1-codings-in-any-order"),
        pytest.param(b"accept-encoding", b"GZIP;Q=1.0", b"gzip", id="9111-4.1-codings-without-case-and-full-weight"),
        pytest.param(b"accept-encoding", b"gzip;q=0.50", b"gzip; q=0.5", id="9111-4.1-weights-in-one-spelling"),
        pytest.param(b"accept-encoding", b"br;q=0.000", b"br;q=0", id="9111-4.1-weight-of-nothing"),
        pytest.param(b"accept-encoding", b"gzip,,gzip", b"gzip", id="9111-4.1-said-twice"),
        pytest.param(b"accept-language", b"en-US, de", b"EN-us,de", id="9111-4.1-languages-without-case"),
        pytest.param(b"accept", b"Text/HTML;Level=1", b"text/html; level=1", id="9111-4.1-media-types-without-case"),
        pytest.param(b"accept-charset", b"utf-8, ISO-8859-1", b"iso-8859-1,utf-8", id="9111-4.1-charsets"),
    ],
)
def test_values_that_mean_the_same_are_spelled_alike(name: bytes, one: bytes, other: bytes) -> None:
    assert normalized(name, one) == normalized(name, other)


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        pytest.param(b"x-any", None, b"", id="9111-4.1-absent-is-not-empty"),
        pytest.param(b"x-any", b"A", b"a", id="9111-4.1-unknown-fields-mind-case"),
        pytest.param(b"x-any", b"a,b", b"a, b", id="9111-4.1-unknown-fields-mind-spaces"),
        pytest.param(b"x-any", b"a, b", b"b, a", id="9111-4.1-unknown-fields-mind-order"),
        pytest.param(b"accept-language", b"en, de", b"de, en", id="9110-12.5.4-some-read-languages-in-order"),
        pytest.param(b"accept", b"text/html, text/plain", b"text/plain, text/html", id="9110-12.5.1-the-first-counts"),
        pytest.param(b"accept-encoding", b"gzip;q=0.5", b"gzip;q=0.6", id="9111-4.1-weights-count"),
        pytest.param(b"accept-encoding", b"gzip;q=0", b"gzip", id="9111-4.1-refused-is-not-wanted"),
        pytest.param(b"accept-encoding", b"gzip;q=2", b"gzip", id="9111-4.1-no-weight"),
        pytest.param(b"accept", b'a/b;c="x, y"', b'a/b;c="x,y"', id="9111-4.1-quoted-strings-stay"),
        pytest.param(b"accept", b"a/b;c=X", b"a/b;c=x", id="9111-4.1-parameters-mind-case"),
        pytest.param(b"cookie", b"a=1; b=2", b"b=2; a=1", id="9111-4.1-cookies-as-they-are"),
    ],
)  # fmt: skip
def test_values_that_may_differ_are_told_apart(name: bytes, one: bytes | None, other: bytes) -> None:
    assert normalized(name, one) != normalized(name, other)


def test_rfc_9111_4_1_lines_are_joined_and_names_sorted() -> None:
    of = request(b"GET", fields=((b"Accept-Encoding", b"gzip"), (b"accept-encoding", b"br"), (b"X-B", b"1")))
    assert selecting((b"x-b", b"accept-encoding", b"x-a", b"x-b"), of) == (
        (b"accept-encoding", b"=br,gzip"),
        (b"x-a", ABSENT),
        (b"x-b", b"=1"),
    )


def test_rfc_9110_7_6_1_a_field_that_connection_takes_away_is_absent() -> None:
    of = request(b"GET", fields=((b"Accept-Encoding", b"gzip"), (b"Connection", b"close, Accept-Encoding")))
    assert selecting((b"accept-encoding",), of) == ((b"accept-encoding", ABSENT),)


def variant(vary: bytes | None, asked: Pairs = (), date: bytes | None = EARLY, received: float = 0.0) -> StoredVariant:
    """Stored for a request with the fields `asked`."""
    fields = [(b"Vary", vary)] if vary is not None else []
    fields += [(b"Date", date)] if date is not None else []
    names = [name.strip().lower() for name in (vary or b"").split(b",") if name.strip() not in (b"", b"*")]
    return StoredVariant(Fields(fields), selecting(names, request(b"GET", fields=asked)), received=received)


DE: Pairs = ((b"Accept-Language", b"de"),)
EN: Pairs = ((b"Accept-Language", b"en"),)
GZIP: Pairs = ((b"Accept-Encoding", b"gzip"),)


@pytest.mark.parametrize(
    ("variants", "asked", "chosen"),
    [
        pytest.param((), (), None, id="9111-4.1-nothing-stored"),
        pytest.param((variant(None),), DE, 0, id="9111-4.1-no-vary-fits-everybody"),
        pytest.param((variant(b""),), DE, 0, id="9111-4.1-empty-vary-is-none"),
        pytest.param((variant(b"Accept-Language", DE),), DE, 0, id="9111-4.1-same"),
        pytest.param((variant(b"Accept-Language", DE),), EN, None, id="9111-4.1-another"),
        pytest.param((variant(b"Accept-Language", DE),), (), None, id="9111-4.1-absent-now"),
        pytest.param((variant(b"Accept-Language", ()),), DE, None, id="9111-4.1-absent-then"),
        pytest.param((variant(b"Accept-Language", ()),), (), 0, id="9111-4.1-absent-in-both"),
        pytest.param(
            (variant(b"Accept-Language", DE), variant(b"Accept-Language", EN)), EN, 1, id="9111-4.1-one-of-two"
        ),
        pytest.param((variant(b"*"),), (), None, id="9111-4.1-star-fits-nobody"),
        pytest.param((variant(b"Accept-Language, *", DE),), DE, None, id="9111-4.1-star-among-others"),
        pytest.param((variant(b"Accept-Language; q", DE),), DE, None, id="9110-12.5.5-no-names"),
        pytest.param(
            (variant(b"Accept-Language, Accept-Encoding", DE + GZIP),), DE, None, id="9111-4.1-all-names-count"
        ),
        pytest.param(
            (variant(b"Accept-Encoding, ACCEPT-LANGUAGE", DE + GZIP),), GZIP + DE, 0, id="9111-4.1-names-in-any-order"
        ),
        pytest.param((variant(None, date=LATE), variant(None)), (), 0, id="9111-4.1-the-latest-date"),
        pytest.param((variant(None), variant(None)), (), 1, id="9111-4.1-the-last-of-one-date"),
        pytest.param(
            (variant(None, date=None, received=784111776.5), variant(None)), (), 0, id="9111-4.1-receipt-stands-in"
        ),
        pytest.param(
            (variant(b"Accept-Language", DE), variant(b"Accept-Encoding", GZIP, LATE)),
            DE + GZIP,
            1,
            id="9111-4.1-two-fit-by-different-fields",
        ),
        pytest.param(
            (variant(None, date=LATE), variant(b"Accept-Language", DE)), DE, 1, id="9111-4.1-vary-left-out-by-mistake"
        ),
        pytest.param(
            (variant(None, date=LATE), variant(b"Accept-Language", DE)), EN, None, id="9111-4.1-vary-left-out-not-all"
        ),
        pytest.param((variant(None), variant(b"*", date=LATE)), DE, 0, id="9111-4.1-star-says-nothing-of-others"),
    ],
)  # fmt: skip
def test_stored_answer_is_chosen(variants: tuple[StoredVariant, ...], asked: Pairs, chosen: int | None) -> None:
    assert choose(variants, request(b"GET", fields=asked)) == chosen


def test_rfc_9111_4_1_one_without_vary_fits_by_the_latest_vary_where_it_was_stored_for_the_same() -> None:
    without = StoredVariant(variant(None, date=LATE).fields, selecting((b"accept-language",), request(fields=DE)))
    variants = (without, variant(b"Accept-Language", EN))
    assert choose(variants, request(b"GET", fields=DE)) == 0
    assert choose(variants, request(b"GET", fields=EN)) == 1
