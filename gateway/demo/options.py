"""Options: how the example service behaves in time. Durations in seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """The defaults give a `/rag` answer in about 1.5 to 3 s, and some two answers per second at most.

    slots: generations at a time, further ones wait in order of arrival; 0: no limit.
    retrieval: what searching takes, besides the real search. first_token: from a slot to the first token.
    per_token: between two tokens. All three may be 0.
    ValueError where one is negative.
    """

    slots: int = 4
    retrieval: float = 0.02
    first_token: float = 0.25
    per_token: float = 0.015

    def __post_init__(self) -> None:
        for name in ("slots", "retrieval", "first_token", "per_token"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name}: expected 0 or more")
