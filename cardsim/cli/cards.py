"""Opening cards for subcommands: from a card file, or in a reader; and the files that options name."""

from __future__ import annotations

import contextlib
import errno
import json
import secrets
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cardsim.chip.card import Card
from cardsim.chip.t0 import T0Port
from cardsim.errors import CardsimError, OutputFileError
from cardsim.store import CardStore
from cardsim.store.format import MAGIC
from readers.errors import ReaderError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from apdu import CardPort, Connection
    from cardsim.cli.console import Console
    from readers.trace import TraceSink


_REASONS_ZH: Final = {
    errno.ENOENT: "文件或目录不存在",
    errno.EACCES: "权限不足",
    errno.EISDIR: "是目录",
    errno.ENOTDIR: "不是目录",
}


class InputFileError(CardsimError):
    """A file that an option names can not be read, or is not what it should be."""


class OptionError(CardsimError):
    """An option that its subcommand has no use for here."""


@contextlib.contextmanager
def opened_card(path: Path, *, durable: bool = False) -> Iterator[tuple[Card, CardPort]]:
    """Open a card file and give the card and the port in front of it; raises StoreError."""
    with CardStore.open(path, durable=durable) as store:
        profile = store.description.profile
        card = Card(store.memory, profile, secrets.token_bytes)
        yield card, T0Port(card, profile)


@contextlib.contextmanager
def connected(
    options: argparse.Namespace, console: Console, *, secrets_used: bool = False
) -> Iterator[tuple[Connection, Card | None, TraceSink | None]]:
    """Connect to the card that ``--card`` or ``--reader`` names; without either, to the only card in a reader.

    ``secrets_used``: a card in a reader is reset in the end, since what PIN and keys opened would stay open for the
    next program.
    """
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
            connection = connect(int(wanted) if wanted and wanted.isascii() and wanted.isdigit() else wanted)
        stack.callback(connection.close)
        if secrets_used and not card:
            stack.callback(_reset, connection)
        yield connection, card, sink


def _reset(connection: Connection) -> None:
    with contextlib.suppress(ReaderError):  # a card that is gone has forgotten everything
        connection.reset()


@contextlib.contextmanager
def trace_sink(options: argparse.Namespace, console: Console) -> Iterator[TraceSink | None]:
    """Open the file of ``--trace``, if asked for; warn when secrets will be shown."""
    if options.trace_secrets:
        also, also_zh = (f" and in {options.trace}", f"以及 {options.trace} ") if options.trace else ("", "")
        console.note(
            f"warning: PINs and keys appear in clear on the screen{also}",
            f"警告:屏幕{also_zh}将显示明文 PIN 与密钥",
        )
    if not options.trace:
        yield None
        return
    from readers.trace import open_trace  # noqa: PLC0415

    path = Path(options.trace)
    if _is_card_file(path):
        raise InputFileError(
            f"{path} is a card file; a trace would destroy it: give --trace another name",
            f"{path} 是卡文件,写入跟踪会将其破坏:请为 --trace 换一个文件名",
        )
    with open_trace(path, show_secrets=options.trace_secrets) as writer:
        yield writer


def _is_card_file(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def read_json(path: Path) -> object:
    """Return the parsed JSON of ``path``; raises InputFileError with the place of a fault."""
    text = read_text(path)
    try:
        return json.loads(text, object_pairs_hook=_no_doubles)
    except (ValueError, RecursionError) as error:
        raise InputFileError(f"{path} is not JSON: {error}", f"{path} 不是合法的 JSON:{error}") from error


def _no_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Make an object of ``pairs``; JSON lets a key come twice, and one value of the two would be lost."""
    plain = dict(pairs)
    if len(plain) != len(pairs):
        keys = [key for key, _ in pairs]
        double = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"key {double!r} comes twice")
    return plain


def read_toml(path: Path) -> dict[str, object]:
    """Return the parsed TOML of ``path``; raises InputFileError with the place of a fault."""
    text = read_text(path)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputFileError(f"{path} is not TOML: {error}", f"{path} 不是合法的 TOML:{error}") from error


def read_text(path: Path) -> str:
    """Return the contents of ``path`` as text, with or without a byte order mark; raises InputFileError."""
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputFileError(
            f"{path} is not text in UTF-8 (byte {error.start}); save it as UTF-8",
            f"{path} 不是 UTF-8 文本(第 {error.start} 字节);请另存为 UTF-8",
        ) from error


def read_bytes(path: Path) -> bytes:
    """Return the contents of ``path``; raises InputFileError."""
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        reason_zh = _REASONS_ZH.get(error.errno or 0, reason)
        raise InputFileError(f"{path}: {reason}", f"{path}:{reason_zh}") from error
    except ValueError as error:  # NUL, or half a surrogate pair, as JSON can spell them
        raise InputFileError(f"{str(path)!r} is no file name", f"{str(path)!r} 不是文件名") from error


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path``; raises OutputFileError."""
    try:
        path.write_bytes(content)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputFileError(f"{path}: {reason}", f"{path}:{_REASONS_ZH.get(error.errno or 0, reason)}") from error
