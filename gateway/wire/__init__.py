"""HTTP/1.1 messages: what the bytes say (RFC 9112)."""
