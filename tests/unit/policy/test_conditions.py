import re
from datetime import date
from typing import Any

import pytest

from gateway.model.settings.base import Condition
from gateway.policy.conditions import SEARCHED, compile_all, compile_conditions
from gateway.policy.document import parse

DOCUMENT = {
    "answer": None,
    "n": 1,
    "docs": [],
    "reason": "length",
    "stream": True,
    "choices": [{"finish": "stop"}, {"finish": "length"}],
}


def condition(**stated: Any) -> Condition:
    return Condition.model_validate(stated)


@pytest.mark.parametrize(
    ("stated", "holds"),
    [
        ({"pointer": "/answer", "is": None}, True),
        ({"pointer": "/missing", "is": None}, False),
        ({"pointer": "/n", "is": None}, False),
        ({"pointer": "/answer", "is_not": None}, False),
        ({"pointer": "/n", "is_not": None}, True),
        ({"pointer": "/missing", "is_not": None}, False),
        ({"pointer": "/n", "is": 1.0}, True),
        ({"pointer": "/n", "is": True}, False),
        ({"pointer": "/stream", "is": True}, True),
        ({"pointer": "/stream", "is": 1}, False),
        ({"pointer": "/docs", "is": []}, True),
        ({"pointer": "/docs", "is": {}}, False),
        ({"pointer": "/n", "in": [3, 1]}, True),
        ({"pointer": "/n", "in": [True]}, False),
        ({"pointer": "/n", "in": []}, False),
        ({"pointer": "/missing", "in": [None]}, False),
        ({"pointer": "/answer", "exists": True}, True),
        ({"pointer": "/missing", "exists": True}, False),
        ({"pointer": "/missing", "exists": False}, True),
        ({"pointer": "/answer", "exists": False}, False),
        ({"pointer": "/answer"}, True),
        ({"pointer": "/missing"}, False),
        ({"pointer": "/reason", "matches": "eng"}, True),
        ({"pointer": "/reason", "matches": "^eng"}, False),
        ({"pointer": "/n", "matches": "1"}, False),
        ({"pointer": "/choices/*/finish", "is": "length"}, True),
        ({"pointer": "/choices/*/finish", "is": "error"}, False),
        ({"pointer": "/choices/*/finish", "is_not": "stop", "matches": "^s"}, False),
        ({"pointer": "/choices/*/finish", "is_not": "stop", "matches": "^l"}, True),
        ({"pointer": "/docs/*", "exists": False}, True),
    ],
)
def test_condition_holds(stated: dict[str, Any], holds: bool) -> None:
    assert compile_conditions([condition(**stated)])(DOCUMENT) is holds


def test_numbers_of_settings_are_the_numbers_that_were_written() -> None:
    document = parse(b'{"n":4.653560393926771e+16,"m":123456789012345678901234567890,"d":"2024-05-01"}').value
    assert compile_conditions([condition(pointer="/n", **{"is": 4.653560393926771e16})])(document)
    assert compile_conditions([condition(pointer="/m", **{"in": [123456789012345678901234567890]})])(document)
    assert compile_conditions([condition(pointer="/d", **{"is": date(2024, 5, 1)})])(document)
    assert not compile_conditions([condition(pointer="/n", **{"is": float("nan")})])(document)


def test_any_of_none_is_false_and_all_of_none_is_true() -> None:
    assert compile_conditions([])(DOCUMENT) is False
    assert compile_all([])(DOCUMENT) is True


def test_any_and_all_of_several() -> None:
    one, other = condition(pointer="/n", **{"is": 1}), condition(pointer="/n", **{"is": 2})
    assert compile_conditions([other, one])(DOCUMENT) is True
    assert compile_all([other, one])(DOCUMENT) is False
    assert compile_all([one, one])(DOCUMENT) is True


def test_only_the_beginning_of_an_enormous_string_is_searched() -> None:
    holds = compile_conditions([condition(pointer="/t", matches=re.compile("end"))])
    assert holds({"t": "x" * (SEARCHED - 3) + "end"}) is True
    assert holds({"t": "x" * SEARCHED + "end"}) is False
