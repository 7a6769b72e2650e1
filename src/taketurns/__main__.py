"""`taketurns` and `python -m taketurns`: the command line."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; where click is missing, say how to get it."""
    try:
        from taketurns.cli import cli
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        sys.exit("The taketurns command needs click: pip install -r requirements.txt")
    cli(prog_name="taketurns")


if __name__ == "__main__":
    main()
