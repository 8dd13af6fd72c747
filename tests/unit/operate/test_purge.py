"""Purge: nothing is asked where nothing is named; what a dry run says is a table."""

import pytest
from rich.console import Console

from gateway.operate.client import Client
from gateway.operate.failed import WRONG, Failed
from gateway.operate.purge import run, would


@pytest.mark.parametrize("orders", [{}, {"wait": "5s"}, {"dry_run": True}])
def test_it_has_to_name_something(orders: dict) -> None:
    with pytest.raises(Failed) as caught:
        run(Client("http://127.0.0.1:1", None), orders, None, expire=False)
    assert caught.value.code == WRONG


def test_there_may_be_more_than_was_counted(capsys: pytest.CaptureFixture[str]) -> None:
    Console().print(would({"entries": 1200, "complete": False, "tiers": {"memory": 3, "disk": 1200}}))
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[2:]]
    assert rows == [["in", "all", "1,200+"], ["in", "memory", "3+"], ["in", "disk", "1,200+"]]
