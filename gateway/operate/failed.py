"""Failed: how a command of an operator ends that cannot go on."""

from gateway.model.errors import RagfrontError

REFUSED = 1  # and, of `health`, not ready
WRONG = 2
UNREACHABLE = 3
NOT_CONFIRMED = 4


class Failed(RagfrontError):
    """A command that cannot go on. lines: what to tell. code: how it exits."""

    def __init__(self, lines: list[str], code: int) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
        self.code = code
