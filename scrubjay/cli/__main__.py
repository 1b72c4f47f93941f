"""`python -m memory.cli` is `turnstone`."""

from memory.cli import main

if __name__ == "__main__":
    main()
