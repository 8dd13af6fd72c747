"""Figures of the ledger, as they stand when a page is made."""

from prometheus_client import CollectorRegistry, generate_latest

from gateway.observe.ledger import LedgerMetrics, LedgerState


def test_it_tells_how_things_stand():
    registry = CollectorRegistry()
    figures = LedgerMetrics(registry)
    figures.refresh()
    state = LedgerState(7, 6, 3, True)
    figures.collect(lambda: state)
    figures.refresh()
    page = generate_latest(registry).decode()
    for line in (
        "ragfront_ledger_version 7.0",
        "ragfront_ledger_acknowledged 6.0",
        "ragfront_ledger_members 3.0",
        "ragfront_ledger_up 1.0",
    ):
        assert line in page
