"""A gateway whose system calls are written down. Run as a process: `traced.py FILE serve ...`."""

import os
import sys

if __name__ == "__main__":
    # -D: strace looks on from aside, and this process is the gateway.
    gateway = [sys.executable, "-m", "gateway", *sys.argv[2:]]
    os.execvp("strace", ["strace", "-D", "-f", "-o", sys.argv[1], *gateway])
