"""Call: what is not stated asks for nothing special."""

from tests.support.talk import call


def test_a_plain_call():
    plain = call()
    assert (plain.body, plain.rest, plain.trailers(), plain.affinity) == (b"", None, (), None)
    assert [plain.chunked, plain.repeatable, plain.expects, plain.upgrade] == [False] * 4
