"""Reference: docs/configuration.md is what the settings say now, and tells of all of them."""

import re

import pytest

from gateway.config import kinds
from gateway.config.reference import anchor, reference
from gateway.model.settings.file import Settings
from tests.unit.config.test_operator_files import leaves
from tests.unit.test_cli import ROOT, ragfront

PAGE = (ROOT / "docs/configuration.md").read_text()


def test_the_page_is_current() -> None:
    assert reference() + "\n" == PAGE, "run: python -m gateway.config.reference > docs/configuration.md"


def test_the_command_prints_it_too() -> None:
    assert ragfront("schema", "--markdown").stdout == PAGE


def test_each_setting_is_told_with_its_meaning() -> None:
    rows = re.findall(r"(?m)^\| `([a-z0-9_]+)` \|(.*)\|$", PAGE)
    assert {str(path[-1]) for path, _ in leaves(Settings)} <= {name for name, _ in rows}
    assert set(kinds.fields(Settings)) <= {name for name, _ in rows}
    assert all(row.rpartition("|")[2].strip() not in ("", "-") for _, row in rows)


def test_links_lead_to_headings_of_which_no_two_are_alike() -> None:
    headings = [anchor(title) for title in re.findall(r"(?m)^## (.*)$", PAGE)]
    assert len(set(headings)) == len(headings)
    assert set(re.findall(r"\(#([^)]*)\)", PAGE)) <= set(headings)


@pytest.mark.parametrize(
    "row",
    [
        "| `connect` | time | `2s` | over 0 | until a connection stands (TLS included) |",
        "| `max_bytes` | size | `1GiB` | from 1MiB | the map's size; the soonest to expire go first |",
        "| `bound` | percentage | `125%` | 100% to 1,000% |",
        "| `mode` | `off`, `shadow`, `on` | `on` | - |",
        "| `statuses` | list of number (200 to 599) | `[200]` | - | stored statuses |",
        "| `body` | `all`, or list of JSON Pointer | `all` | - |",
        "| `urls` | list of text | needed | from 1 |",
        "| `password` | text | none | - | better as ${REDIS_PASSWORD} |",
    ],
)
def test_kind_default_and_limits_are_as_in_a_file(row: str) -> None:
    assert row in PAGE
