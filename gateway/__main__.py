"""`ragfront` and `python -m gateway`: which of the two programs this process is."""

import sys


def main() -> None:
    """Run the command line; exits the process."""
    if sys.argv[1:2] == ["worker"]:  # started by the supervisor, without the memory of the command line's libraries
        from gateway.worker import main as work

        sys.exit(work())
    try:
        from gateway.cli import main as command
    except KeyboardInterrupt:  # its libraries take a moment
        sys.exit(130)
    command()


if __name__ == "__main__":
    main()
