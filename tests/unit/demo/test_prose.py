"""Prose: told from code, and cleaned of mark-up."""

import pytest

from gateway.demo.prose import Block, blocks, indented, plain, sentences, unwrap


@pytest.mark.parametrize(
    ("lines", "prose"),
    [
        (("The suite is executed.",), True),
        (("2. The context manager's method is loaded for later use.",), True),
        (("Shuffle list x in place, and return None.",), True),
        (("with EXPRESSION as TARGET:", "    SUITE"), False),
        ((">>> the = this or that", "it is a list of them"), False),
        (('with_stmt ::= "with" with_item',), False),
        (("+------+-------+", "| the  | of it |"), False),
        (("def f(a, b):", "    # it is the sum of these"), False),
        (("object.__new__(cls[, ...])",), False),
        (("Example",), False),
    ],
)
def test_prose_is_told_from_code(lines: tuple[str, ...], prose: bool) -> None:
    assert Block(0, lines).is_prose is prose


@pytest.mark.parametrize(
    ("marked", "clean"),
    [
        ('The "with" statement', "The `with` statement"),
        ("Call ``len(x)`` on it", "Call `len(x)` on it"),
        ("see :func:`os.walk` and :class:`~a.B`", "see `os.walk` and `a.B`"),
        ("an *emphasised* word, a **strong** one", "an emphasised word, a strong one"),
        ("the 2 * 3 * 4 product", "the 2 * 3 * 4 product"),
        ("As said. [2] Then", "As said. Then"),
        ("a block (see section With Statement) of code", "a block of code"),
        ('It is "x". [1]. Then', "It is `x`. Then"),
        (":param a: the first. :return: all", "a: the first. Returns: all"),
        ("the file `name'", "the file `name`"),
        ('“"*"” or “"**kwargs"”', "“`*`” or “`**kwargs`”"),
    ],
)
def test_markup_is_cleaned(marked: str, clean: str) -> None:
    assert plain(marked) == clean


def test_blocks_end_at_blank_lines_at_markers_and_where_the_text_goes_back_to_the_left() -> None:
    text = "One\ntwo\n\n   in\n   here\nout\n* first\n* second\n  more\n"
    assert list(blocks(text)) == [
        Block(0, ("One", "two")),
        Block(3, ("in", "here")),
        Block(0, ("out",)),
        Block(0, ("* first",)),
        Block(0, ("* second", "  more")),
    ]


def test_an_unwrapped_block_loses_its_marker_and_joins_hyphenated_words() -> None:
    assert unwrap(Block(0, ("* a pre-", "  computed value"))) == "a pre-computed value"


def test_sentences_leave_code_out_and_do_not_end_at_abbreviations() -> None:
    code = indented(Block(0, ("x = 1. This is code.",)))
    text = f"Use it, e.g. Here it is. Then stop!\n\n{code}\n\nThe end"
    assert sentences(text) == ["Use it, e.g. Here it is.", "Then stop!", "The end"]


def test_blocks_of_nothing() -> None:
    assert list(blocks("")) == []
    assert list(blocks("\n \n\t\n")) == []
