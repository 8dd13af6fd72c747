"""Library: docstrings, without running what they stand in."""

import re
import sys
from pathlib import Path

from gateway.demo.library import library_passages

SOURCE = '''
"""Tools that are made for the tests of this package."""
raise SystemExit("this module must not be run")

def ask(self, question, *, times=1):
    """Ask the question as often as it is said by the caller."""

def _hidden():
    """This is nothing that the users of it should see."""

class Oracle:
    """An oracle knows all of the answers that there are."""

    def answer(self, question):
        """Return the answer to the question that was asked."""

    def undocumented(self): ...
'''


def passages(root: Path) -> dict[str, str]:
    return {passage.id: passage.title for passage in library_passages(root) if "argparse" in passage.id}


def test_sources_are_parsed_and_never_run(tmp_path: Path) -> None:
    (tmp_path / "argparse.py").write_text(SOURCE)
    assert passages(tmp_path) == {
        "library/argparse/1": "argparse module",
        "library/argparse.ask/1": "argparse.ask(question, *, times=1)",
        "library/argparse.Oracle/1": "argparse.Oracle",
        "library/argparse.Oracle.answer/1": "argparse.Oracle.answer(question)",
    }


def test_sources_that_are_missing_or_broken_are_skipped(tmp_path: Path) -> None:
    (tmp_path / "argparse.py").write_text("def broken(:")
    (tmp_path / "json").mkdir()
    assert passages(tmp_path) == {}
    assert any(passage.id.startswith("library/len/") for passage in library_passages(tmp_path / "nowhere"))


def test_reading_the_library_imports_nothing_odd_and_finds_thousands() -> None:
    before = set(sys.modules)
    found = library_passages()
    assert not {"antigravity", "this", "turtle", "tkinter", "idlelib"} & (set(sys.modules) - before)
    assert len(found) > 2000
    assert all(re.fullmatch(r"library/[\w.]+/\d+", passage.id) for passage in found)


def test_what_a_module_only_imported_is_not_said_to_be_its_own(tmp_path: Path) -> None:
    ids = {passage.id for passage in library_passages(tmp_path)}
    assert "library/csv.reader/1" in ids
    assert "library/csv.StringIO/1" not in ids
