"""Start here: `gatecrier` and `python -m gatecrier` hand over to the command line."""

from gatecrier.cli import main

if __name__ == "__main__":
    main()
