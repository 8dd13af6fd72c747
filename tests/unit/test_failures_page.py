"""The page of failures: every test that it names is there, and every file of fault tests is named."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "failures.md").read_text()
NAMED = sorted(set(re.findall(r"`([a-z_/]+\.py)::(test_\w+)`", PAGE)))
# Of the figures of a service that answers several at once, and of what several processes make of it.
ELSEWHERE = {"test_batches.py"}


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_each_test_that_it_names_is_there(file: str, name: str) -> None:
    assert re.search(rf"^(async )?def {name}\(", (TESTS / file).read_text(), re.MULTILINE)


def test_each_file_of_faults_is_named() -> None:
    files = {path.name for path in (TESTS / "faults").glob("test_*.py")}
    assert files - {Path(file).name for file, _ in NAMED} == ELSEWHERE
