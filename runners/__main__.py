"""`python -m runners`: the same as `shootout`."""

from runners.cli.app import main

if __name__ == "__main__":
    main()
