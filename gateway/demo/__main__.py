"""`python -m gateway.demo`: the example RAG service by itself."""

import sys

from gateway.demo.serve import main

if __name__ == "__main__":
    sys.exit(main())
