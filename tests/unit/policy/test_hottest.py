"""Hottest: the rarest make room, counts are never too low, and neither bound is passed."""

from gateway.policy.hottest import Hottest


def fed(text: str, places: int = 3, max_bytes: int = 100) -> Hottest[str]:
    made: Hottest[str] = Hottest(places, max_bytes)
    for letter in text:
        made.add(letter.encode(), letter, 10)
    return made


def test_the_hottest_come_first_with_their_counts():
    assert fed("abcaba").top(2) == [("a", 3.0), ("b", 2.0)]
    assert fed("").top(5) == []


def test_a_new_one_takes_the_place_and_the_count_of_the_rarest():
    assert fed("aabbcd").top(9) == [("a", 2.0), ("b", 2.0), ("d", 2.0)]


def test_bytes_are_bounded_too_and_one_that_is_too_large_is_not_counted():
    hottest = fed("aabbc", places=9, max_bytes=30)
    hottest.add(b"large", "large", 20)  # c and one of the others make room
    assert [thing for thing, _ in hottest.top(9)] in (["large", "a"], ["large", "b"])
    hottest.add(b"huge", "huge", 31)
    assert "huge" not in dict(hottest.top(9))


def test_what_went_is_remembered_by_its_count_where_there_is_room_again():
    hottest = fed("aabb", places=9, max_bytes=20)
    hottest.add(b"large", "large", 20)  # both had to go
    hottest.add(b"a", "a", 10)
    assert hottest.top(9) == [("a", 4.0)]


def test_what_others_counted_counts_and_pushes_out_nobody_who_is_hotter():
    hottest = fed("aaabbc")
    hottest.learn(b"b", "b", 10, 5.0)
    hottest.learn(b"a", "a", 10, 1.0)
    hottest.learn(b"d", "d", 10, 1.0)
    assert hottest.top(9) == [("b", 5.0), ("a", 3.0), ("c", 1.0)]
    hottest.learn(b"e", "e", 10, 2.0)
    hottest.learn(b"huge", "huge", 1000, 99.0)
    assert hottest.top(9) == [("b", 5.0), ("a", 3.0), ("e", 2.0)]


def test_what_was_fades():
    hottest = fed("aaaab")
    hottest.fade(0.25)
    for _ in range(3):
        hottest.add(b"b", "b", 10)
    assert hottest.top(1) == [("b", 3.25)]
