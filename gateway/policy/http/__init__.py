"""The rules of a shared HTTP cache, one module per section of RFC 9111. No I/O, no clock."""
