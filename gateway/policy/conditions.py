"""Conditions on JSON documents, compiled once per route. Callers ask only about documents that are JSON."""

from collections.abc import Callable, Sequence
from typing import Any

from gateway.model.settings.base import Condition
from gateway.policy.document import equal, from_settings
from gateway.policy.pointer import compile_pointer

Test = Callable[[Any], bool]

SEARCHED = 64 << 10
"""Characters of a string that `matches` looks at: a pattern's cost grows with them, at worst exponentially."""


def compile_conditions(conditions: Sequence[Condition]) -> Test:
    """-> whether any of them holds for a JSON value; False where there are none."""
    tests = tuple(_compile(condition) for condition in conditions)
    if len(tests) == 1:
        return tests[0]
    return lambda document: any(test(document) for test in tests)


def compile_all(conditions: Sequence[Condition]) -> Test:
    """-> whether all of them hold for a JSON value; True where there are none."""
    tests = tuple(_compile(condition) for condition in conditions)
    return lambda document: all(test(document) for test in tests)


def _compile(condition: Condition) -> Test:
    """One condition. Where it states several tests, one and the same value must pass them all.

    A condition that states none asks whether the pointer leads to a value.
    """
    find = compile_pointer(condition.pointer).find
    if condition.exists is False:
        return lambda document: not find(document)
    tests = _tests(condition)
    if not tests:
        return lambda document: bool(find(document))
    if len(tests) == 1:
        only = tests[0]
        return lambda document: any(only(value) for value in find(document))
    return lambda document: any(all(test(value) for test in tests) for value in find(document))


def _tests(condition: Condition) -> list[Test]:
    """What the condition states about a value. What is stated counts, not what is None: `is: null` is a test."""
    stated = condition.model_fields_set
    tests: list[Test] = []
    if "is_" in stated:
        tests.append(_equals(condition.is_))
    if "is_not" in stated:
        differs = _equals(condition.is_not)
        tests.append(lambda value: not differs(value))
    if condition.in_ is not None:
        options = [from_settings(option) for option in condition.in_]
        tests.append(lambda value: any(equal(value, option) for option in options))
    if condition.matches is not None:
        search = condition.matches.search
        tests.append(lambda value: isinstance(value, str) and search(value, 0, SEARCHED) is not None)
    return tests


def _equals(stated: Any) -> Test:
    wanted = from_settings(stated)
    return lambda value: equal(value, wanted)
