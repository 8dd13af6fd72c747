"""The example RAG service: real retrieval over the Python documentation."""
