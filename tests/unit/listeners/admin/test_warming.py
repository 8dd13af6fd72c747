"""/admin/warm: lines read, each as a question."""

import pytest

from gateway.listeners.admin.problem import Refused
from gateway.listeners.admin.warming import MAX_QUESTIONS, _questions

LISTEN = "127.0.0.1:8080"


def test_lines_are_questions() -> None:
    lines = b'{"path": "/rag", "body": {"a": 1}}\n\n{"path": "/x?y=1", "method": "GET", "headers": {"A": "b"}}\r\n'
    first, second = _questions(lines, LISTEN)
    assert (first.method, first.target, first.body, first.authority) == (b"POST", b"/rag", b'{"a":1}', LISTEN.encode())
    assert (second.target, second.fields) == (b"/x?y=1", ((b"A", b"b"),))
    assert second.request().query == b"y=1"


@pytest.mark.parametrize(
    ("lines", "status", "pointers"),
    [
        (b"", 422, []),
        (b"\n \n", 422, []),
        (b'nope\n{"path": "/a"}\n{"path": 1}', 422, ["/0", "/2/path"]),
        (b'{"path": "/a", "headers": {"Host": ["a", "b"]}}', 422, ["/0"]),
        (b'{"path": "/a", "text": "%b"}' % (b"x" * 70_000), 422, ["/0"]),
        (b'{"path":"/a"}\n' * (MAX_QUESTIONS + 1), 413, []),
        (b"[]\n" * 1000, 422, [f"/{n}" for n in range(20)]),
    ],
)
def test_what_is_no_question_is_told_by_its_line(lines: bytes, status: int, pointers: list[str]) -> None:
    with pytest.raises(Refused) as caught:
        list(_questions(lines, LISTEN))
    assert caught.value.status == status
    assert [wrong.pointer for wrong in caught.value.wrong] == pointers
