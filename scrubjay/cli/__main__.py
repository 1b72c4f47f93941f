"""`python -m scrubjay.cli` is `scrubjay`."""

from scrubjay.cli import main

if __name__ == "__main__":
    main()
