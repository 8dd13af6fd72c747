"""Records from lines: what counts of each, and which line is wrong."""

import io

import pytest

from gateway.guard import records
from gateway.guard.filterfile import FilterError
from gateway.policy.pointer import compile_pointer


def test_lines_of_text():
    data = b"\xef\xbb\xbfa\r\n\n  \n b \nc"
    assert list(records.lines(io.BytesIO(data))) == [(["a"], 6), ([], 1), ([], 3), ([" b "], 4), (["c"], 1)]


def test_lines_of_json():
    data = b'\xef\xbb\xbf{"id": 1, "alias": ["x", "y"]}\n\n{"id": "b"}\n{"other": 1}\n'
    pointers = [compile_pointer("/id"), compile_pointer("/alias/*")]
    found = [values for values, _ in records.json_lines(io.BytesIO(data), pointers)]
    assert found == [[1, "x", "y"], [], ["b"], [None]]


@pytest.mark.parametrize(
    ("data", "reason"), [(b'{"id": 1}\n{oops\n', "line 2: not JSON"), (b'{"id": 1}\n"\xff"\n', "line 2: not JSON")]
)
def test_a_line_that_is_no_json_is_named(data, reason):
    with pytest.raises(FilterError, match=reason):
        list(records.json_lines(io.BytesIO(data), []))


def test_a_line_that_is_no_text_is_named():
    with pytest.raises(FilterError, match="line 2: not UTF-8"):
        list(records.lines(io.BytesIO(b"a\n\xff\n")))


def test_a_file_without_line_ends_is_not_read_whole(monkeypatch):
    monkeypatch.setattr(records, "LONGEST", 100)
    with pytest.raises(FilterError, match="line 1: longer than"):
        list(records.lines(io.BytesIO(b"a" * 1000)))
