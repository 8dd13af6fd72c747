"""Chart: bars, sizes, and what is said around them."""

import io
from math import inf

import pytest
from rich.console import Console

from gateway.advise.chart import bar, bytes_of, draw
from gateway.advise.formats import Format
from gateway.advise.proposal import propose
from gateway.advise.read import Tally
from tests.unit.advise.test_proposal import REGULAR


@pytest.mark.parametrize(
    ("share", "drawn"), [(0, "····"), (1, "████"), (0.5, "██··"), (0.03125, "▏   ".replace(" ", "·")), (2, "████")]
)
def test_a_bar_is_as_long_as_its_share(share: float, drawn: str) -> None:
    assert bar(share, 4) == drawn


@pytest.mark.parametrize(
    ("size", "told"), [(0, "0 B"), (1 << 20, "1 MiB"), (1536, "1.5 KiB"), (2**50, "1,024 TiB"), (inf, "no bound")]
)
def test_sizes_are_for_people(size: float, told: str) -> None:
    assert bytes_of(size) == told


@pytest.mark.parametrize("width", [80, 200])
def test_all_of_it_fits_a_terminal(width: int) -> None:
    console = Console(file=io.StringIO(), width=width)
    tally = Tally(Format.JSONL, lines=410, bad=3, first_bad="log:7", passed=7, seconds=5.0, timed=2)
    draw(console, REGULAR, propose(REGULAR, 86_400, 2.5), tally)
    told = console.file.getvalue()  # type: ignore[attr-defined]
    for said in (
        "410 lines (jsonl): 400 questions in 22.2 hours",
        "3 lines could not be read, the first of them log:7",
        "of 400 answers the size is a guess (--answer-size)",
        "a call takes 2.50 s",
        "ttl 1h: 94.2% hits (the longest allowed: 99.8%)",
    ):
        assert said in told
    table = [text for text in told.splitlines() if "█" in text or "···" in text]
    assert len(table) == 9 + 1
    assert all(len(text) <= 80 for text in table)
