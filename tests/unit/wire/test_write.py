"""Writing: bytes as RFC 9112 wants them, values as they came."""

from gateway.wire import write


def test_heads_keep_values_untouched():
    pairs = ((b"A", b"\xff"), (b"a", b""))
    assert write.request(b"BREW", b"/\xfe?x", pairs) == b"BREW /\xfe?x HTTP/1.1\r\nA: \xff\r\na: \r\n\r\n"
    assert write.response(299, b"", pairs) == b"HTTP/1.1 299 \r\nA: \xff\r\na: \r\n\r\n"


def test_an_empty_piece_does_not_end_a_chunked_body():
    assert write.chunk(b"") == b""
    assert write.chunk(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"
    assert write.last_chunk() == write.LAST_CHUNK
    assert write.last_chunk([(b"T", b"1")]) == b"0\r\nT: 1\r\n\r\n"
