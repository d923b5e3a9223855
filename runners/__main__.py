"""`python -m runners`: the same as `shootout`."""

from runners.cli import main

if __name__ == "__main__":
    main()
