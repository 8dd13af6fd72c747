"""Keys: the order of members never matters, what is not ignored always does, no two inputs encode alike."""

import json
import random
from decimal import Decimal
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.policy.document import DocumentKind, equal, parse
from gateway.policy.keying import Keyer, frame
from tests.support.policy import request, route

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=5)
DIGITS = st.text("0123456789", min_size=1, max_size=30)


def key(body: bytes, /, **settings: Any) -> bytes:
    return Keyer(route(key=settings)).key(request(), body, parse(body))


def spelled(value: Any, seed: int = 0) -> bytes:
    """JSON in a spelling of its own: members shuffled, white space, escapes or none."""
    rng = random.Random(seed)

    def shuffled(part: Any) -> Any:
        if isinstance(part, dict):
            members = [(name, shuffled(member)) for name, member in part.items()]
            rng.shuffle(members)
            return dict(members)
        return [shuffled(element) for element in part] if isinstance(part, list) else part

    return json.dumps(shuffled(value), ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, 2])).encode()


def same(a: Any, b: Any) -> bool:
    """Equality of JSON values, numbers compared digit by digit."""

    def exact(value: Any) -> Any:
        return json.loads(json.dumps(value), parse_int=Decimal, parse_float=Decimal)

    return equal(exact(a), exact(b))


@given(OBJECTS, st.integers(), st.integers())
def test_spelling_and_order_of_members_never_matter(value: dict[str, Any], one: int, other: int) -> None:
    assert key(spelled(value, one)) == key(spelled(value, other))


@given(VALUES, VALUES)
def test_different_values_have_different_keys(one: Any, other: Any) -> None:
    assert (key(spelled(one)) == key(spelled(other))) is same(one, other)


@given(OBJECTS, NAMES, VALUES, VALUES)
def test_any_member_that_is_not_ignored_matters(document: dict[str, Any], name: str, one: Any, other: Any) -> None:
    assume(not same(one, other))
    assert key(spelled({**document, name: one})) != key(spelled({**document, name: other}))


@given(OBJECTS, VALUES, VALUES)
def test_a_member_that_is_ignored_never_matters(document: dict[str, Any], one: Any, other: Any) -> None:
    bodies = [spelled({**document, "user": value}) for value in (one, other)]
    bodies.append(spelled({name: value for name, value in document.items() if name != "user"}))
    assert len({key(body, ignore=["/user"]) for body in bodies}) == 1


@given(OBJECTS, OBJECTS, VALUES)
def test_only_listed_members_matter(one: dict[str, Any], other: dict[str, Any], query: Any) -> None:
    one, other = {**one, "q": query}, {**other, "q": query}
    assert key(spelled(one), body=["/q"]) == key(spelled(other), body=["/q"])


@given(VALUES)
def test_a_default_is_as_good_as_absence(value: Any) -> None:
    settings = {"defaults": {"/n": value}}
    assert key(spelled({"q": 1, "n": value}), **settings) == key(b'{"q":1}', **settings)


@given(st.integers(min_value=-(10**40), max_value=10**40), st.integers(min_value=0, max_value=12))
def test_numbers_are_compared_by_value_not_by_spelling(number: int, zeros: int) -> None:
    shifted = f"{number * 10**zeros}e-{zeros}"
    fraction = f"{number}.{'0' * zeros}" if zeros else str(number)
    assert len({key(text.encode()) for text in (str(number), shifted, fraction)}) == 1
    assert key(str(number).encode()) != key(str(number + 1).encode())


@given(DIGITS, DIGITS, st.integers(min_value=-30, max_value=30))
def test_decimals_that_differ_in_any_digit_differ(whole: str, fraction: str, exponent: int) -> None:
    text = f"{int(whole)}.{fraction}"
    longer = f"{text}1"
    assert key(f"[{text}e{exponent}]".encode()) != key(f"[{longer}e{exponent}]".encode())
    assert key(f"[{text}e{exponent}]".encode()) == key(f"[{text}0E{exponent:+}]".encode())


@given(st.binary(max_size=64), st.binary(max_size=64))
def test_bodies_that_are_not_json_are_told_apart_byte_by_byte(one: bytes, other: bytes) -> None:
    assume(parse(one).kind is not DocumentKind.JSON)
    assert (key(one) == key(other)) is (one == other)


@given(OBJECTS, NAMES, VALUES, st.integers())
def test_a_repeated_member_is_found_and_never_meets_a_canonical_key(
    document: dict[str, Any], name: str, value: Any, seed: int
) -> None:
    document = {**document, name: value}
    whole = spelled(document, seed).rstrip()
    again = json.dumps(name, ensure_ascii=seed % 2 == 0)
    doubled = whole[:-1] + f",{again}:{json.dumps(value)}}}".encode()
    assert not parse(whole).duplicates
    assert parse(doubled).duplicates
    assert key(doubled) != key(whole)


@given(st.lists(st.binary(max_size=6), max_size=5), st.lists(st.binary(max_size=6), max_size=5))
def test_frames_are_alike_only_where_their_parts_are(one: list[bytes], other: list[bytes]) -> None:
    assert (frame(one) == frame(other)) is (one == other)


PARAMETERS = st.lists(st.tuples(st.sampled_from(["a", "b", "%61", "c"]), st.text("01", max_size=2)), max_size=6)


@given(PARAMETERS, st.randoms(use_true_random=False))
def test_parameters_of_different_names_may_change_places(parameters: list[tuple[str, str]], rng: random.Random) -> None:
    def of(pairs: list[tuple[str, str]]) -> bytes:
        query = "&".join(f"{name}={value}" for name, value in pairs)
        return Keyer(route()).key(request(target=f"/rag?{query}".encode()), b"", parse(b""))

    def values(pairs: list[tuple[str, str]]) -> dict[str, list[tuple[str, str]]]:
        """What a service sees: for each decoded name its values in order."""
        seen: dict[str, list[tuple[str, str]]] = {}
        for name, value in pairs:
            seen.setdefault(name.replace("%61", "a"), []).append((name, value))
        return seen

    moved = parameters.copy()
    rng.shuffle(moved)
    assert (of(parameters) == of(moved)) is (values(parameters) == values(moved))


FIELDS = st.lists(
    st.tuples(
        st.sampled_from([b"Authorization", b"authorization", b"Cookie", b"X-Api-Key", b"Accept", b"User-Agent"]),
        st.binary(max_size=3),
    ),
    max_size=5,
)


@given(FIELDS, FIELDS)
def test_only_the_same_credentials_share_a_key(
    one: list[tuple[bytes, bytes]], other: list[tuple[bytes, bytes]]
) -> None:
    def of(pairs: list[tuple[bytes, bytes]]) -> bytes:
        return Keyer(route()).key(request(fields=tuple(pairs)), b"", parse(b""))

    def who(pairs: list[tuple[bytes, bytes]]) -> list[list[bytes]]:
        return [[v for n, v in pairs if n.lower() == name] for name in (b"authorization", b"cookie", b"x-api-key")]

    assert (of(one) == of(other)) is (who(one) == who(other))


@given(st.binary(max_size=200))
def test_any_bytes_have_a_key_and_an_explanation(body: bytes) -> None:
    keyer = Keyer(route(key={"normalize": {"/q": ["nfkc", "casefold", "whitespace", "punctuation"]}}))
    of = request(target=b"/" + body.replace(b" ", b""), fields=((b"Cookie", body),))
    assert len(keyer.key(of, body, parse(body))) == 32
    json.dumps(keyer.canonical(of, body, parse(body)))
