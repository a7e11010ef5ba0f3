"""Opening cards for subcommands: from a card file, or in a reader; and the files that options name."""

from __future__ import annotations

import contextlib
import json
import secrets
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from cardsim.chip.card import Card
from cardsim.chip.t0 import T0Port
from cardsim.errors import CardsimError
from cardsim.store import CardStore

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from apdu import CardPort, Connection
    from cardsim.cli.console import Console
    from readers.trace import TraceSink


class InputFileError(CardsimError):
    """A file that an option names can not be read, or is not what it should be."""


@contextlib.contextmanager
def opened_card(path: Path, *, durable: bool = False) -> Iterator[tuple[Card, CardPort]]:
    """Open a card file and give the card and the port in front of it; raises StoreError."""
    with CardStore.open(path, durable=durable) as store:
        profile = store.description.profile
        card = Card(store.memory, profile, secrets.token_bytes)
        yield card, T0Port(card, profile)


@contextlib.contextmanager
def connected(
    options: argparse.Namespace, console: Console
) -> Iterator[tuple[Connection, Card | None, TraceSink | None]]:
    """Connect to the card that ``--card`` or ``--reader`` names; without either, to the only card in a reader."""
    from readers.connect.inprocess import connect_inprocess  # noqa: PLC0415  heavy only where it is used

    with contextlib.ExitStack() as stack:
        sink = stack.enter_context(trace_sink(options, console))
        card: Card | None = None
        connection: Connection
        if options.card:
            card, port = stack.enter_context(opened_card(Path(options.card)))
            connection = connect_inprocess(port, options.card)
        else:
            from readers.connect.pcsc import connect  # noqa: PLC0415

            wanted = options.reader
            connection = connect(int(wanted) if wanted and wanted.isdigit() else wanted)
        stack.callback(connection.close)
        yield connection, card, sink


@contextlib.contextmanager
def trace_sink(options: argparse.Namespace, console: Console) -> Iterator[TraceSink | None]:
    """Open the file of ``--trace``, if asked for; warn when secrets will be in it."""
    if not options.trace:
        yield None
        return
    from readers.trace import open_trace  # noqa: PLC0415

    if options.trace_secrets:
        console.note(
            f"warning: {options.trace} will contain PINs and keys in clear",
            f"警告:{options.trace} 将包含明文 PIN 与密钥",
        )
    with open_trace(Path(options.trace), show_secrets=options.trace_secrets) as writer:
        yield writer


def read_json(path: Path) -> object:
    """Return the parsed JSON of ``path``; raises InputFileError with the place of a fault."""
    try:
        return json.loads(read_bytes(path))
    except ValueError as error:
        raise InputFileError(f"{path} is not JSON: {error}", f"{path} 不是合法的 JSON:{error}") from error


def read_toml(path: Path) -> dict[str, object]:
    """Return the parsed TOML of ``path``; raises InputFileError with the place of a fault."""
    try:
        return tomllib.loads(read_bytes(path).decode())
    except ValueError as error:
        raise InputFileError(f"{path} is not TOML: {error}", f"{path} 不是合法的 TOML:{error}") from error


def read_bytes(path: Path) -> bytes:
    """Return the contents of ``path``; raises InputFileError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputFileError(f"{path}: {error.strerror}", f"{path}:{error.strerror}") from error
