"""`python -m gateway.demo`: the example RAG service by itself."""

import importlib.util
import sys


def run() -> int:
    """The exit status."""
    if importlib.util.find_spec("bm25s") is None:
        print("demo RAG service: needs the library bm25s; pip install 'ragfront[demo]'", file=sys.stderr)
        return 1
    from gateway.demo.serve import main

    return main()


if __name__ == "__main__":
    sys.exit(run())
