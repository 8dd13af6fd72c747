"""Life line: a child process that ends when its standard input does, so that a killed parent leaves nobody behind.

The parent keeps the other end of that pipe open and has nothing to do: its death closes it.
"""

import atexit
import os
import runpy
import shutil
import signal
import sys
import threading
import time


def hold(folder: str, patience: float) -> None:
    """Once standard input is closed: SIGTERM to this process, after `patience` seconds its end; `folder` is removed."""
    threading.Thread(target=_watch, args=(folder, patience), name="lifeline", daemon=True).start()


def _watch(folder: str, patience: float) -> None:
    while os.read(0, 4096):
        pass
    # The parent would have removed it.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:  # it ends us on the spot
        shutil.rmtree(folder, ignore_errors=True)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(patience)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def main() -> None:
    """`python -m gateway.lifeline FOLDER PATIENCE MODULE ARGUMENT...`: run a module with a life line."""
    folder, patience, *rest = sys.argv[1:]
    hold(folder, float(patience))
    sys.argv[:] = rest
    runpy.run_module(rest[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
