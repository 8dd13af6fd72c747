"""Calls to the RAG service."""
