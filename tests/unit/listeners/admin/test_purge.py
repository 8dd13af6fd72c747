"""/admin/purge: what is meant, as orders."""

import pytest
from pydantic import ValidationError

from gateway.control.control import Confirmation, Member
from gateway.listeners.admin.problem import Refused
from gateway.listeners.admin.purge import Orders, _answered, _orders
from gateway.policy.purges import Order, Scope
from tests.support.gateway import RAG, running, settings

MEMBER = Member("m", "h", 1, "", "", 1.0, 2.0, acknowledged=4)


async def test_orders_are_what_was_stated() -> None:
    async with running(settings("http://127.0.0.1:1", RAG)) as gateway:
        parts = gateway.worker._parts()
        body = Orders.model_validate({"all": True, "route": "rag", "keys": ["ab" * 32], "tags": ["doc:*"]})
        assert list(_orders(body, parts, expire=True)) == [
            Order(Scope.ALL, "", True),
            Order(Scope.ROUTE, "rag", True),
            Order(Scope.KEY, "ab" * 32, True),
            Order(Scope.TAG, "doc:*", True),
        ]
        (order,) = _orders(Orders.model_validate({"request": {"path": "/rag", "body": {}}}), parts, expire=False)
        assert (order.scope, len(order.value)) == (Scope.KEY, 64)
        with pytest.raises(Refused):
            list(_orders(Orders(route="nobody"), parts, expire=False))


@pytest.mark.parametrize("wrong", [{}, {"wait": "1s"}, {"all": True, "wait": "2m"}, {"tags": [""]}, {"keys": ["AB"]}])
def test_what_says_nothing_or_too_much_is_refused(wrong: dict) -> None:
    with pytest.raises(ValidationError):
        Orders.model_validate(wrong)


def test_who_is_missing_is_named() -> None:
    answered = _answered(Confirmation(5, (MEMBER,)), 1)
    assert (answered.status, answered.body.model_dump()["missing"][0]["behind"]) == (202, True)
    assert _answered(Confirmation(5), 1).status == 200
