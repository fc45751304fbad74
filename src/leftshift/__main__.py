"""The command `leftshift`, and `python -m leftshift`, which is the same."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Runs the command line; Ctrl-C is answered while it is still being read in, too."""
    try:
        from leftshift.cli import main as command_line
    except KeyboardInterrupt:
        print("Stopped. Nothing was written.", file=sys.stderr)
        raise SystemExit(130) from None
    command_line()


if __name__ == "__main__":
    main()
