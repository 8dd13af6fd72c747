import time

import pytest

from gateway.policy.http.dictionary import Kind, Value, dictionary

TRUE = Value(Kind.BOOLEAN, b"1")


@pytest.mark.parametrize(
    ("value", "members"),
    [
        pytest.param(b"", {}, id="8941-4.2-empty"),
        pytest.param(b"  ", {}, id="8941-4.2-spaces"),
        pytest.param(b"a", {b"a": TRUE}, id="8941-3.2-key-alone"),
        pytest.param(b"a=?0", {b"a": Value(Kind.BOOLEAN, b"0")}, id="8941-3.3.6-false"),
        pytest.param(b"a=5", {b"a": Value(Kind.INTEGER, b"5")}, id="8941-3.3.1-integer"),
        pytest.param(b"a=-5", {b"a": Value(Kind.INTEGER, b"-5")}, id="8941-3.3.1-negative"),
        pytest.param(b"a=999999999999999", {b"a": Value(Kind.INTEGER, b"999999999999999")}, id="8941-3.3.1-longest"),
        pytest.param(b"a=1.5", {b"a": Value(Kind.DECIMAL, b"1.5")}, id="8941-3.3.2-decimal"),
        pytest.param(b'a="x, \\"y\\""', {b"a": Value(Kind.STRING, b'x, "y"')}, id="8941-3.3.3-string"),
        pytest.param(b"a=X/y:z", {b"a": Value(Kind.TOKEN, b"X/y:z")}, id="8941-3.3.4-token"),
        pytest.param(b"a=:aGk=:", {b"a": Value(Kind.BYTES, b"aGk=")}, id="8941-3.3.5-bytes"),
        pytest.param(b'a=("x" y;q=1)', {b"a": Value(Kind.LIST, b'("x" y;q=1)')}, id="8941-3.1.1-inner-list"),
        pytest.param(b"a=( )", {b"a": Value(Kind.LIST, b"( )")}, id="8941-3.1.1-empty-inner-list"),
        pytest.param(b"a=5;p;q=x, b;r", {b"a": Value(Kind.INTEGER, b"5"), b"b": TRUE}, id="8941-3.1.2-parameters"),
        pytest.param(b"a=1, a=2", {b"a": Value(Kind.INTEGER, b"2")}, id="8941-3.2-last-one-counts"),
        pytest.param(b" a \t,\t b ", {b"a": TRUE, b"b": TRUE}, id="8941-4.2.2-spaces"),
    ],
)
def test_dictionaries(value: bytes, members: dict[bytes, Value]) -> None:
    assert dictionary(value) == members


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"a,", id="comma-at-the-end"),
        pytest.param(b"a, ", id="comma-and-space-at-the-end"),
        pytest.param(b",a", id="comma-first"),
        pytest.param(b"a,,b", id="two-commas"),
        pytest.param(b"a b", id="no-comma"),
        pytest.param(b"A=1", id="upper-case"),
        pytest.param(b"a =1", id="space-before-equals"),
        pytest.param(b"a= 1", id="space-after-equals"),
        pytest.param(b"a=", id="no-value"),
        pytest.param(b"a=1000000000000000", id="sixteen-digits"),
        pytest.param(b"a=1.2345", id="four-decimals"),
        pytest.param(b"a=1.", id="point-at-the-end"),
        pytest.param(b"a=+1", id="plus"),
        pytest.param(b'a="x', id="unterminated"),
        pytest.param(b'a="\\x"', id="unknown-escape"),
        pytest.param(b'a="\xc3\xbc"', id="not-ascii"),
        pytest.param(b"a=?2", id="no-boolean"),
        pytest.param(b"a=:?:", id="no-base64"),
        pytest.param(b"a=('x')", id="single-quotes"),
        pytest.param(b'a=("x""y")', id="list-without-space"),
        pytest.param(b"a=(x", id="list-without-end"),
        pytest.param(b"a=1, &&&", id="garbage"),
        pytest.param(b"a=1;P", id="upper-case-parameter"),
        pytest.param(b"a\t", id="tab-at-the-end"),
        pytest.param(b"1a", id="digit-first"),
        pytest.param(b"\x00", id="nul"),
    ],
)
def test_one_wrong_byte_spoils_all(value: bytes) -> None:
    assert dictionary(value) is None
    assert dictionary(b"ok, " + value) is None


@pytest.mark.parametrize(
    "value",
    [b"a=(" * 20_000, b'a="' + b"\\" * 60_001, b"a;" * 30_000, b"a=(" + b"x " * 30_000, b"a," * 30_000, b"9" * 60_000],
)
def test_hostile_values_take_no_longer_than_their_length(value: bytes) -> None:
    started = time.process_time()
    dictionary(value)
    assert time.process_time() - started < 1
