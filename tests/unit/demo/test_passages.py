"""Passages: cut to size, with ids in order."""

from gateway.demo.passages import MAX_CHARS, pack
from gateway.demo.prose import Block

SENTENCE = "This is a sentence that is of some use to the reader of this test."


def test_paragraphs_are_packed_up_to_the_size_and_numbered() -> None:
    found = pack("language/x", "X", [Block(0, (f"{number} {SENTENCE}",)) for number in range(30)], first=5)
    assert [passage.id for passage in found] == [f"language/x/{5 + n}" for n in range(len(found))]
    assert all(len(passage.text) <= MAX_CHARS + 2 * 12 for passage in found)
    assert sum(passage.text.count(SENTENCE) for passage in found) == 30


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    found = pack("x", "X", [Block(0, (" ".join([SENTENCE] * 40),))])
    assert len(found) > 1
    assert all(passage.text.endswith("test.") and len(passage.text) <= MAX_CHARS for passage in found)


def test_code_goes_with_the_prose_before_it_and_not_without() -> None:
    code = Block(3, ("x = f()",))
    assert pack("x", "X", [code]) == []
    (passage,) = pack("x", "X", [code, Block(0, (SENTENCE,)), code])
    assert passage.text == f"{SENTENCE}\n\n    x = f()"


def test_grammars_tables_and_bare_lists_are_left_out() -> None:
    noise = [Block(3, ('a ::= "b"',)), Block(0, ("+--+--+",)), Block(0, ('* "bool"',)), Block(0, ("Attributes:",))]
    (passage,) = pack("x", "X", [Block(0, (SENTENCE,)), *noise])
    assert passage.text == SENTENCE
