"""Party: complete once, when all have settled."""

from gateway.model.party import Party, Seat


def test_complete_when_the_last_has_settled_and_only_once():
    told: list[int] = []
    party = Party(2)
    party.complete = lambda: told.append(party.waiting)
    seats = [Seat(party), Seat(party)]
    seats[0].settle()
    seats[0].settle()
    assert told == []
    seats[1].settle()
    seats[1].settle()
    assert told == [0]


def test_nobody_needs_to_be_told():
    party = Party(1)
    Seat(party).settle()
    assert party.waiting == 0
