"""Rules over drift."""

# ruff: noqa: E501  a table's row is one mistake and what is said of it
import pytest

from tests.support.config_text import loaded, problems


def one(route: str) -> str:
    return f"routes:\n- {{name: r, {route}}}"


SHAPE = "shape: {answer: /answer}"


@pytest.mark.parametrize(
    ("route", "problem"),
    [
        ("drift: {sample: 0.1}", "drift.sample: expected a percentage such as 0.1%"),
        ("drift: {sample: 101%}", "drift.sample: expected at most 100%"),
        ("drift: {sample: 1%, rate: off}", "drift.rate: expected a count per second, minute or hour such as 5/s or 30/m"),
        ("drift: {sample: 1%, at_once: 0}", "drift.at_once: expected at least 1"),
        ("drift: {sample: 1%, ignore: [id]}", "drift.ignore[0]: expected a JSON Pointer"),
        ("drift: {accept: 0}", "drift.accept: 0: no number of comparisons could show that; expected a share such as 1%"),
        ("drift: {share: 1%}", "drift.share: unknown key"),
        ("pass_tags: 3", "pass_tags: expected"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_an_error(route: str, problem: str) -> None:
    found = problems(one(route))
    assert len(found) == 1, found
    assert found[0].startswith(f"2: routes[0].{problem}")


@pytest.mark.parametrize(
    ("route", "warning"),
    [
        ("drift: {rate: 2/s}", "drift.rate: no effect: sample is 0; expected a share such as 0.1%"),
        ("drift: {ignore: [/id]}", "drift.ignore: no effect: sample is 0"),
        (f"{SHAPE}, drift: {{sample: 1%}}, cache: {{mode: off}}", "drift.sample: no effect: cache.mode is off"),
        ("drift: {sample: 1%}", "drift.sample: ids and times in answers count as drift; expected shape.answer, shape.documents or drift.ignore"),
        ("drift: {sample: 1%, ignore: [/id]}, shape: {answer: /a, delta: /d}", "drift.ignore: no effect: shape tells what counts"),
    ],
)  # fmt: skip
def test_what_is_rarely_meant_is_a_warning(route: str, warning: str) -> None:
    found = [text for text in loaded(one(route)).warnings if "routes[0]" in text]
    assert len(found) == 1, found
    assert found[0].startswith(f"f.yaml:2: routes[0].{warning}")


@pytest.mark.parametrize(
    "route",
    [
        f"{SHAPE}, drift: {{sample: 0.1%}}",
        f"{SHAPE}, drift: {{sample: 0.1%}}, cache: {{mode: shadow}}",
        f"{SHAPE}, drift: {{sample: 0.1%, ignore: [/id]}}",  # of streams all counts
        "drift: {sample: 1%, rate: 2/s, at_once: 3, similarity: 30%, ignore: [/id], accept: 2%}",
    ],
)
def test_what_is_meant_is_not_remarked_on(route: str) -> None:
    assert [text for text in loaded(one(route)).warnings if "routes[0]" in text] == []
