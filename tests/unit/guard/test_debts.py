"""Millions of clients in a fixed memory: nobody gets more than his bucket gives, and few get less."""

from gateway.guard.debts import Debts
from gateway.policy.bucket import Tariff

NOW = 1000.0


def make(burst: int = 20) -> Debts:
    return Debts(Tariff(1.0, burst), secret=b"0" * 16)


def test_each_client_has_its_own() -> None:
    debts = make(2)
    one, other = debts.cells(b"192.0.2.1"), debts.cells(b"192.0.2.2")
    debts.spend(one, NOW)
    debts.spend(one, NOW)
    assert debts.wait(one, NOW) == 1.0
    assert debts.wait(other, NOW) == 0.0
    assert debts.wait(one, NOW + 1) == 0.0


def test_nobody_can_wash_off_his_debt_with_a_flood_of_other_clients() -> None:
    debts = make(1)
    debtor = debts.cells(b"debtor")
    for _ in range(50):
        debts.raise_to(debtor, NOW + 50)
    for number in range(100_000):
        debts.spend(debts.cells(b"%d" % number), NOW)
    assert debts.wait(debtor, NOW) >= 50


def test_a_flood_of_strangers_costs_newcomers_little() -> None:
    debts = make(20)
    for number in range(65_536):
        debts.spend(debts.cells(b"stranger %d" % number), NOW)
    refused = sum(debts.wait(debts.cells(b"new %d" % number), NOW) > 0 for number in range(2000))
    assert refused == 0


def test_thousands_who_owe_all_they_may_shut_out_almost_nobody() -> None:
    debts = make(20)
    for number in range(10_000):
        debts.raise_to(debts.cells(b"debtor %d" % number), NOW + 20)
    refused = sum(debts.wait(debts.cells(b"new %d" % number), NOW) > 0 for number in range(10_000))
    assert refused < 25


def test_the_places_are_secret() -> None:
    assert Debts(Tariff(1.0, 1)).cells(b"a") != Debts(Tariff(1.0, 1)).cells(b"a")
