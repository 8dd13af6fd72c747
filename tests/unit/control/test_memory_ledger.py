"""Memory ledger: beside the contract (test_store), facades of one process may share it, and closing keeps it."""

from gateway.control.memory_ledger import MemoryLedger
from gateway.control.store import Row


async def test_it_is_kept_for_others_when_one_closes_it():
    ledger = MemoryLedger()
    await ledger.append(0, [Row(1, b"a")])
    await ledger.close()
    assert (await ledger.read(0)).newest == 1
