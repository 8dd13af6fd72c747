"""The example RAG service: real retrieval over the Python documentation, and an LLM's shape of time.

It stands apart from the gateway (of whose packages it uses only `gateway.model.units`) and needs no network, no
model and no files but those of Python itself.
"""
