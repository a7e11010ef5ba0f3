"""The `cardsim` command. This module stays light: what a subcommand needs is imported when it runs."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from apdu.text import BilingualError, Text
from cardsim.cli.console import Console, chosen_language, tolerant
from cardsim.cli.parser import build_parser

if TYPE_CHECKING:
    from collections.abc import Sequence

EXIT_FAILED: Final = 1
"""A card refused, or the road to it failed: no service, no card, port in use, disk full."""
EXIT_USAGE: Final = 2
"""The command line, or a file it names, is wrong."""
_EXIT_INTERRUPTED: Final = 130
_WRONG_PATH: Final = frozenset(
    (
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.EEXIST,
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ELOOP,
        errno.ENAMETOOLONG,
    )
)
"""What the system says about a path that is a wrong argument; of a full disk and the like it says something else."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand and return its exit status; errors become one line on standard error."""
    words = list(sys.argv[1:] if argv is None else argv)
    console = Console(chosen_language(words), tolerant(sys.stdout), tolerant(sys.stderr))
    try:
        status = _run(words, console)
        console.flush()
    except BrokenPipeError:
        # The reader of our output went away (`| head`), which is its right.
        _drop_output()
        return EXIT_FAILED
    except OSError as error:
        reason = error.strerror or str(error)
        console.error(Text(f"can not write the output: {reason}", f"无法写出结果:{reason}"))
        _drop_output()
        return EXIT_FAILED
    except KeyboardInterrupt:
        return _EXIT_INTERRUPTED
    return status


def _run(words: list[str], console: Console) -> int:
    try:
        options = build_parser(console.language).parse_args(words)
        status: int = options.run(options, console)
    except BilingualError as error:
        console.error(error.text)
        return _exit_status(error)
    except SystemExit as end:  # argparse, after --help or an error it has told
        return end.code if isinstance(end.code, int) else EXIT_USAGE
    return status


def _exit_status(error: BilingualError) -> int:
    """Return 2 for what the user named wrongly, also a path that can not be written; 1 for cards and machines."""
    from cardsim.errors import CardsimError, OutputFileError  # noqa: PLC0415  only on this path
    from cardsim.store import CardFileBusyError, CardFileUnwritableError  # noqa: PLC0415  only on this path
    from keys.errors import KeyringError, KeystoreBusyError, KeystoreError, KeystoreUnwritableError  # noqa: PLC0415  only on this path
    from readers.errors import TraceError  # noqa: PLC0415  only on this path

    if isinstance(error, OutputFileError | CardFileUnwritableError | KeystoreUnwritableError | TraceError):
        cause = error.__cause__
        return EXIT_USAGE if isinstance(cause, OSError) and cause.errno in _WRONG_PATH else EXIT_FAILED
    if isinstance(error, CardFileBusyError | KeystoreBusyError):
        return EXIT_FAILED
    # What stands in a keystore may be wrong, not a chain that is refused.
    return EXIT_USAGE if isinstance(error, CardsimError | KeyringError | KeystoreError) else EXIT_FAILED


def _drop_output() -> None:
    """Let what is still unwritten go nowhere: Python would fail on it once more when it ends."""
    with contextlib.suppress(OSError), Path(os.devnull).open("w") as sink:
        os.dup2(sink.fileno(), sys.stdout.fileno())
