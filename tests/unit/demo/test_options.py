"""Options: sensible defaults, nothing negative."""

import pytest

from gateway.demo.options import DemoOptions


@pytest.mark.parametrize("name", ["slots", "retrieval", "first_token", "per_token"])
def test_negative_values_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        DemoOptions(**{name: -1})


def test_everything_may_be_switched_off() -> None:
    assert DemoOptions(slots=0, retrieval=0, first_token=0, per_token=0).slots == 0


def test_a_usual_answer_takes_one_and_a_half_to_three_seconds() -> None:
    options = DemoOptions()
    few, many = (options.first_token + options.per_token * words for words in (90, 170))
    assert 1.5 < few < many < 3.0
