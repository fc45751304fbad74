"""The command `leftshift`, and `python -m leftshift`, which is the same."""

from __future__ import annotations

import gc
import os
import sys

__all__ = ["main"]


def main() -> None:
    """Runs the command line; Ctrl-C is answered while it is still being read in, too."""
    # A command makes few cycles among very many objects: it is not worth looking for them often.
    gc.set_threshold(100_000, 50, 50)
    try:
        from leftshift.cli import main as command_line
    except KeyboardInterrupt:
        print("Stopped. Nothing was written.", file=sys.stderr)
        raise SystemExit(130) from None
    try:
        command_line()
    except SystemExit as end:
        # Taking the compiled engine down in an orderly way takes a tenth of a second that nobody
        # needs: all that is to be kept is on disk. Anything unusual still goes the long way.
        if end.code in (0, None) and _flushed():
            os._exit(0)
        raise


def _flushed() -> bool:
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return False
    return True


if __name__ == "__main__":
    main()
