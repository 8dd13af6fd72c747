"""Warm: a file that is not there."""

from pathlib import Path

import pytest

from gateway.operate.client import Client
from gateway.operate.failed import WRONG, Failed
from gateway.operate.warm import run


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(Failed) as caught:
        run(Client("http://127.0.0.1:1", None), tmp_path / "nothing", "5/s")
    assert (caught.value.code, caught.value.lines) == (WRONG, [f"{tmp_path}/nothing: No such file or directory"])
