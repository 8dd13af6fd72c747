import pytest

from gateway.policy.textpieces import PIECE, may_cut, pieces

ONE_CHARACTER = [
    "e\u0301",  # combining accent
    "\r\n",
    "👩\u200d👩\u200d👧",  # joined by ZWJ
    "👍🏽",  # skin tone
    "🏴\U000e0067\U000e0062\U000e007f",  # tags
    "☎\ufe0f",
    "🇩🇪",
    "\u1112\u1161\u11ab",  # conjoining jamo
    "\u0915\u094d\u0937",  # Devanagari conjunct
    "\u0e01\u0e33",  # Thai SARA AM
    "\uff76\uff9e",  # halfwidth katakana
    "\u0600\u0661",  # Arabic number sign
    "à\u0316\u0317",
]


@pytest.mark.parametrize("character", ONE_CHARACTER)
def test_no_cut_inside_what_readers_see_as_one(character: str) -> None:
    assert not any(may_cut(character, at) for at in range(1, len(character)))
    text = character * 200
    assert "".join(pieces(text)) == text
    for shift in range(4):
        shifted = "x" * shift + text
        for piece in pieces(shifted):
            assert piece.endswith(character)
            assert piece.lstrip("x").startswith(character)


@pytest.mark.parametrize(
    ("text", "at"), [("ab", 1), ("a\n", 1), ("\n\r", 1), ("漢字", 1), ("é!", 1), ("🙂🙂", 1), ("a", 1)]
)
def test_a_cut_between_characters(text: str, at: int) -> None:
    assert may_cut(text, at)


def test_words_stay_whole_where_they_are_short() -> None:
    text = "Deutsche Wörter sind länger, aber nicht so lang. " * 20
    listed = list(pieces(text))
    assert "".join(listed) == text
    assert all(piece.endswith(" ") and PIECE // 2 < len(piece) <= PIECE for piece in listed[:-1])


def test_a_text_without_spaces_is_cut_all_the_same() -> None:
    assert list(pieces("漢" * (PIECE + 1))) == ["漢" * PIECE, "漢"]


def test_long_texts_have_longer_pieces() -> None:
    assert len(list(pieces("x" * 1_000_000))) == 1000


def test_an_empty_text_has_none() -> None:
    assert list(pieces("")) == []


def test_one_endless_character_is_one_piece() -> None:
    endless = "a" + "\u0301" * 100_000
    assert list(pieces(endless)) == [endless]
