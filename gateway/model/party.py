"""Party: the items of one list on their way, so that what they need from the upstream can be asked in one call.

Each of them goes the way of a request of its own: some find an answer, the others turn up at the upstream. When all
have done one or the other, there is nobody left to wait for.
"""

from collections.abc import Callable


class Party:
    """So many items. `complete` is called once, when the last one has settled, if it is there by then."""

    __slots__ = ("complete", "waiting")

    def __init__(self, items: int) -> None:
        self.waiting = items
        self.complete: Callable[[], None] | None = None


class Seat:
    """One item's place in its party."""

    __slots__ = ("_settled", "party")

    def __init__(self, party: Party) -> None:
        self.party = party
        self._settled = False

    def settle(self) -> None:
        """It has found its answer, or has turned up at the upstream; the second time is of no consequence."""
        if self._settled:
            return
        self._settled = True
        self.party.waiting -= 1
        if not self.party.waiting and self.party.complete is not None:
            self.party.complete()
