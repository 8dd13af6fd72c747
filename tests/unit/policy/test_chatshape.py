import pytest

from gateway.policy.chatshape import Unsayable, check_head, is_index, need, only, read, write
from tests.support.chats import HEAD


def test_members_keep_their_order_and_numbers_their_value() -> None:
    body = b'{"b":1,"a":0.1,"c":1.23456789012345678901E+29}'
    assert write(read(body)) == body


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b'{"a":1,"a":1}', b'{"a":"\\ud83d"}', b'{"a":"\xff"}'])
def test_what_is_not_one_plain_object_is_not_read(body: bytes) -> None:
    with pytest.raises(Unsayable):
        read(body)


def test_what_is_nested_too_deep_is_not_written() -> None:
    value: dict[str, object] = {}
    for _ in range(300):
        value = {"a": value}
    with pytest.raises(Unsayable):
        write(value)


def test_unknown_members_may_be_null_and_nothing_else() -> None:
    assert only({"a": 1, "x": None}, ("a", "b")) == {"a": 1, "x": None}
    for value in ({"x": 0}, {"x": []}, {"x": ""}, [], None, "a"):
        with pytest.raises(Unsayable):
            only(value, ("a", "b"))


def test_what_is_needed_must_be_there() -> None:
    need(True)
    with pytest.raises(Unsayable):
        need(False)


@pytest.mark.parametrize(("value", "verdict"), [(0, True), (7, True), (-1, False), (True, False), ("0", False)])
def test_numbers_of_choices(value: object, verdict: bool) -> None:
    assert is_index(value) is verdict


@pytest.mark.parametrize("change", [{"id": None}, {"model": 1}, {"created": None}, {"created": True}, {"created": "1"}])
def test_a_head_says_which_answer_it_is(change: dict[str, object]) -> None:
    check_head(dict(HEAD))
    with pytest.raises(Unsayable):
        check_head(HEAD | change)
