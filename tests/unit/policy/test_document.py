import pytest

from gateway.policy.document import DocumentKind, dump, dump_in_order, equal, parse

DEEP = 100_000


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", DocumentKind.EMPTY),
        (b" \n", DocumentKind.NOT_JSON),
        (b"{}", DocumentKind.JSON),
        (b"null", DocumentKind.JSON),
        (b"query=hi", DocumentKind.NOT_JSON),
        (b'{"q":"\xff"}', DocumentKind.NOT_JSON),
        (b'{"q":"\\ud800"}', DocumentKind.NOT_JSON),
        (b"NaN", DocumentKind.NOT_JSON),
        (b"\xef\xbb\xbf{}", DocumentKind.NOT_JSON),
        ('{"q":1}'.encode("utf-16"), DocumentKind.NOT_JSON),
        (b"[" * 100 + b"]" * 100, DocumentKind.JSON),
        (b"[" * 300 + b"]" * 300, DocumentKind.NOT_JSON),
        (b"[" * 1000 + b"1.0" + b"]" * 1000, DocumentKind.NOT_JSON),
        (b"[" * DEEP + b"]" * DEEP, DocumentKind.NOT_JSON),
        (b'{"a":' * DEEP, DocumentKind.NOT_JSON),
        (b"9" * 300, DocumentKind.JSON),
        (b"9" * 100_000, DocumentKind.NOT_JSON),
        (b"0." + b"9" * 100_000, DocumentKind.JSON),
        (b"1e99999999999999999999", DocumentKind.NOT_JSON),
        (b"1e-99999999999999999999", DocumentKind.NOT_JSON),
    ],
)
def test_any_bytes_are_read_without_raising(body: bytes, kind: DocumentKind) -> None:
    assert parse(body).kind is kind


@pytest.mark.parametrize(
    "spellings",
    [
        (b"1", b"1.0", b"1e0", b"1E+0", b"10e-1", b"1.000000000000000000000", b"0.1e1"),
        (b"0", b"-0", b"0.0", b"-0.0", b"0e5", b"0.000000000000000000000"),
        (b"0.1", b"0.10", b"1e-1", b"0.100000000000000000000"),
        (b"-1.5", b"-1.50", b"-15e-1"),
        (b"9007199254740993", b"9007199254740993.0", b"9007199254740993e0"),
        (b"18446744073709551616", b"18446744073709551616.0", b"1.8446744073709551616e19"),
        (b"1e300", b"10e299", b"1" + b"0" * 300),
        (b"1e-400", b"10e-401", b"0.1e-399"),
        (b"123456789012345678901234567890", b"1234567890123456789012345678900e-1"),
    ],
)
def test_a_number_has_one_canonical_spelling(spellings: tuple[bytes, ...]) -> None:
    assert len({parse(spelling).canonical for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"9007199254740992", b"9007199254740993"),
        (b"9007199254740992.0", b"9007199254740993.0"),
        (b"18446744073709551616", b"18446744073709551617"),
        (b"100000000000000000000000000000", b"100000000000000000000000000001"),
        (b"0.1", b"0.10000000000000000001"),
        (b"0.1", b"0.1000000000000000055511151231257827021181583404541015625"),
        (b"1e-400", b"0"),
        (b"1e-400", b"1e-401"),
        (b"1", b"true"),
        (b"0", b"false"),
        (b"0", b"null"),
        (b"1", b'"1"'),
        (b"1e300", b'"1e300"'),
        (b"1e-400", b'"1E-400"'),
    ],
)
def test_different_values_never_look_alike(one: bytes, other: bytes) -> None:
    assert parse(one).canonical != parse(other).canonical


def test_text_that_looks_like_a_special_number_changes_nothing_else() -> None:
    plain = parse(b'{"id":"x","n":1.5}')
    marked = parse(b'{"n":1.50,"id":"x","ref":"3e4-12345678901234567890-1.0"}')
    assert marked.value["n"] == plain.value["n"] == 1.5
    assert marked.value["ref"] == "3e4-12345678901234567890-1.0"


@pytest.mark.parametrize(
    ("body", "duplicates"),
    [
        (b'{"a":1,"a":1}', True),
        (b'{"a":1,"b":2}', False),
        (b'{"a":1,"\\u0061":2}', True),
        (b'{"x":[{"y":{"a":1,"a":2}}]}', True),
        (b'{"a":{"k":1},"b":{"k":1}}', False),
        (b'{"a:b":"c:d:e"}', False),
        (b'{"a":"\\u003a\\u003A","b":1}', False),
        (b'{"a":"\\u003a\\u003A","b":1,"b":2}', True),
        (b'{"a":"\\u003a","a":"x"}', True),
        (b'{"a\\u003ab":1,"a:b":2}', True),
        (b'{"a":"\\\\","b" \n:"\\"\\u003a:","c":3}', False),
        (b'{"a":{"b":"\\u003a:"},"a":{}}', True),
        (b'["a","a",":"]', False),
        (b'{"n":1.0,"n":1e0}', True),
    ],
)
def test_members_of_one_name_are_found(body: bytes, duplicates: bool) -> None:
    document = parse(body)
    assert document.kind is DocumentKind.JSON
    assert document.duplicates is duplicates


def test_order_white_space_and_escapes_do_not_change_the_canonical_spelling() -> None:
    assert parse(b'{"a":1,"b":"\\u00e9"}').canonical == parse('{ "b" : "é",\n"a" : 1 }'.encode()).canonical


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (1, 1.0, True),
        (True, 1, False),
        (False, 0, False),
        (None, False, False),
        (None, None, True),
        ([1, [True]], [1.0, [True]], True),
        ([1, [True]], [1.0, [1]], False),
        ({"a": 1, "b": None}, {"b": None, "a": 1}, True),
        ({"a": 1}, {"a": 1, "b": None}, False),
        ([], {}, False),
        ([1], [1, 2], False),
        ("1", 1, False),
        (parse(b"1e-400").value, parse(b"10e-401").value, True),
        (parse(b"1e-400").value, 0, False),
    ],
)
def test_equality_is_that_of_json(a: object, b: object, same: bool) -> None:
    assert equal(a, b) is same
    assert equal(b, a) is same


def test_what_is_no_json_value_cannot_be_spelled() -> None:
    with pytest.raises(TypeError):
        dump({"a": object()})


def test_members_in_their_order_where_people_read_them() -> None:
    assert (
        dump_in_order(parse(b'{"b": 12345678901234567890123, "a": [0.10]}').value)
        == b'{"b":12345678901234567890123,"a":[0.1]}'
    )
    with pytest.raises(TypeError):
        dump_in_order(object())
