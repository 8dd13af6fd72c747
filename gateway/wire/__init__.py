"""HTTP/1.1 messages as bytes, without I/O (RFC 9112)."""
