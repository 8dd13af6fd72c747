"""The rules of a shared HTTP cache (RFC 9111), one module per section. No I/O, no clock."""
