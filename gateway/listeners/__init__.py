"""Bytes from clients to exchanges, and answers to bytes."""
