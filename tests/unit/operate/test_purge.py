"""Purge: nothing is asked where nothing is named."""

import pytest

from gateway.operate.client import Client
from gateway.operate.options import WRONG, Failed
from gateway.operate.purge import run


@pytest.mark.parametrize("orders", [{}, {"wait": "5s"}])
def test_it_has_to_name_something(orders: dict) -> None:
    with pytest.raises(Failed) as caught:
        run(Client("http://127.0.0.1:1", None), orders, None, expire=False)
    assert caught.value.code == WRONG
