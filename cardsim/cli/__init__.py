"""The `cardsim` command. This module stays light: what a subcommand needs is imported when it runs."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

from apdu.text import BilingualError
from cardsim.cli.console import Console, chosen_language
from cardsim.cli.parser import build_parser

if TYPE_CHECKING:
    from collections.abc import Sequence

EXIT_FAILED: Final = 1
"""A card refused, or the road to it failed: no service, no card, port in use, disk full."""
EXIT_USAGE: Final = 2
"""The command line, or a file it names, is wrong."""
_EXIT_INTERRUPTED: Final = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand and return its exit status; errors become one line on standard error."""
    words = list(sys.argv[1:] if argv is None else argv)
    console = Console(chosen_language(words), sys.stdout, sys.stderr)
    try:
        options = build_parser(console.language).parse_args(words)
        status: int = options.run(options, console)
        sys.stdout.flush()
    except BilingualError as error:
        console.error(error.text)
        return _exit_status(error)
    except BrokenPipeError:
        # The reader of our output went away (`| head`): what is left to flush at exit has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except KeyboardInterrupt:
        return _EXIT_INTERRUPTED
    return status


def _exit_status(error: BilingualError) -> int:
    from apdu import ApduError  # noqa: PLC0415  only on this path
    from cardsim.errors import CardsimError  # noqa: PLC0415
    from cardsim.store import CardFileBusyError, CardFileUnwritableError  # noqa: PLC0415

    if isinstance(error, CardFileBusyError | CardFileUnwritableError):
        return EXIT_FAILED
    return EXIT_USAGE if isinstance(error, ApduError | CardsimError) else EXIT_FAILED
