"""Audit: bounded, and a line of JSON each."""

import json
import logging

import pytest

from gateway.listeners.admin.access import Caller, Role
from gateway.listeners.admin.audit import KEPT, Audit

ANN = Caller("ann", Role.OPERATOR)


def test_only_the_last_are_kept() -> None:
    audit = Audit(lambda: 1.0)
    for number in range(KEPT + 10):
        audit.note(ANN, f"PUT {number}", "::1", 200, "")
    assert len(audit._changes) == KEPT
    assert audit._changes[0].what == f"PUT {KEPT + 9}"


def test_what_is_too_long_is_told_by_its_size() -> None:
    audit = Audit(lambda: 1.0)
    audit.note(ANN, "PUT", "::1", 200, "", before="x" * 10_000, after={"a": 1})
    assert (audit._changes[0].before, audit._changes[0].after) == ({"bytes": 10_002}, {"a": 1})


def test_it_is_logged_whatever_the_level(caplog: pytest.LogCaptureFixture) -> None:
    root = logging.root.level
    logging.root.setLevel(logging.ERROR)
    try:
        Audit(lambda: 1.0).note(ANN, "PUT\n/x", "::1", 403, "no")
    finally:
        logging.root.setLevel(root)
    (record,) = [record for record in caplog.records if record.name == "ragfront.audit"]
    assert "\n" not in record.getMessage()
    assert json.loads(record.getMessage())["who"] == "ann"
