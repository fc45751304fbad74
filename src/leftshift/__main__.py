"""`python -m leftshift`: the same as the command `leftshift`."""

from leftshift.cli import main

if __name__ == "__main__":
    main()
