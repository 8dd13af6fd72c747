from typing import Any

import pytest

from gateway.model.fields import Fields, Pairs
from gateway.policy.tags import EVERY, LONGEST_TAG, MOST_TAGS, tags

DOCUMENT: dict[str, Any] = {
    "kb": "law",
    "docs": [{"id": 7, "page": 1}, {"id": "x y", "page": 2}, {"id": None}, {"id": 7}, {"id": [1]}, {"id": True}],
    "score": 1.5,
}


@pytest.mark.parametrize(
    ("templates", "expected"),
    [
        ([], ()),
        (["all"], ("all",)),
        (["doc:{/docs/*/id}"], ("doc:7", "doc:x y", "doc:true")),
        (["kb:{/kb}", "{/kb}", "kb:{/missing}"], ("kb:law", "law")),
        (["{/kb}:{/docs/*/page}!"], ("law:1!", "law:2!")),
        (["{/docs/*/page}{/docs/*/page}"], ("11", "12", "21", "22")),
        (["s:{/score}"], ("s:1.5",)),
        (["{kb}", "{"], ("{kb}", "{")),
    ],
)
def test_templates(templates: list[str], expected: tuple[str, ...]) -> None:
    assert tags(templates, Fields(), DOCUMENT) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (((b"Surrogate-Key", b"a b  a"),), ("a", "b")),
        (((b"xkey", b"a"), (b"XKey", b"b c")), ("a", "b", "c")),
        (((b"Cache-Tag", b"a b, c,,d "),), ("a b", "c", "d")),
        (((b"Surrogate-Key", b"\xff"),), ("\ufffd",)),
        (((b"Surrogate-Key", b""),), ()),
    ],
)
def test_fields(fields: Pairs, expected: tuple[str, ...]) -> None:
    assert tags([], Fields(fields), None) == expected


def test_as_many_and_as_long_as_allowed_are_kept() -> None:
    document = [f"{n:0{LONGEST_TAG}}" for n in range(MOST_TAGS)]
    assert tags(["{/*}"], Fields(), document) == tuple(document)


@pytest.mark.parametrize(
    "document",
    [
        [str(n) for n in range(MOST_TAGS + 1)],
        ["short", "x" * (LONGEST_TAG + 1)],
        [1] * 1_000_000,
    ],
)
def test_an_answer_whose_tags_do_not_fit_is_purged_with_every_tag(document: list[Any]) -> None:
    found = tags(["{/*}"], Fields(), document)
    assert found[-1] == EVERY
    assert len(found) <= MOST_TAGS
    assert len(set(found)) == len(found)


def test_combinations_are_bounded() -> None:
    found = tags(["{/*}{/*}{/*}{/*}"], Fields(), list(range(1000)))
    assert len(found) == MOST_TAGS
    assert found[-1] == EVERY
