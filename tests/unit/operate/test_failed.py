"""Failed: what is told, and the code with which a command ends."""

from gateway.operate.failed import NOT_CONFIRMED, REFUSED, UNREACHABLE, WRONG, Failed


def test_a_failure_holds_its_lines_and_its_code() -> None:
    failure = Failed(["one", "two"], WRONG)
    assert (failure.lines, failure.code, str(failure)) == (["one", "two"], 2, "one\ntwo")


def test_each_way_to_end_has_a_code_of_its_own() -> None:
    assert len({0, REFUSED, WRONG, UNREACHABLE, NOT_CONFIRMED}) == 5
