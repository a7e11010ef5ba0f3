"""`cardsim dump`: everything that a card gives through commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apdu import StatusWord, Text, format_hex, parse_hex
from cardsim.cli.cards import connected
from cardsim.cli.console import aligned
from cardsim.cli.copying import dumped, opened_secrets
from cardsim.cli.names import fen
from readers.connect.layers import with_layers

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from cardsim.cli.console import Console

_BYTES_A_LINE = 32
_OK = "9000"


def run(options: argparse.Namespace, console: Console) -> int:
    """Read every application and file that can be found; 1 when a key that was to be proved is blocked or missing."""
    with (
        opened_secrets(options, console) as given,
        connected(options, console, secrets_used=given.used) as (bare, _, sink),
    ):
        plain = dumped(with_layers(bare, trace=sink), given)
    if options.json:
        console.json(plain)
    else:
        for line in _lines(plain, console):
            console.line(line)
    for error in given.refusals.values():
        console.error(error.text)
    return int(bool(given.refusals))


def _lines(plain: Any, console: Console) -> Iterator[str]:  # noqa: ANN401  what dumped() made
    yield f"ATR {format_hex(parse_hex(plain['atr']), ' ')}"
    for directory in plain["directories"]:
        yield ""
        yield f"{directory['directory']}  {_name(directory, console)}{_status(directory, console)}".rstrip()
        yield f"  AID {directory['aid'] or '-'}  FCI {directory['fci'] or '-'}"
        for purse in directory.get("purses", ()):
            held = _balance(purse, console) or _status(purse, console)
            yield f"  {purse['purse']}  {_name(purse, console)}{held}"
        for file in directory["files"]:
            yield f"  {file['file']}  {_name(file, console)}{_status(file, console)}".rstrip()
            # Where all is refused, the file's own line has said so.
            shown = file.get("records", ()) if file["status"] == _OK else ()
            for line in aligned(_row(record, console) for record in shown):
                yield f"    {line}"
            content = file.get("content", "")
            for start in range(0, len(content), 2 * _BYTES_A_LINE):
                piece = content[start : start + 2 * _BYTES_A_LINE]
                if piece.strip("0"):
                    yield f"    {start // 2:04X}  {piece}"
            if content and not content.strip("0"):
                yield console.pick(Text(f"    {len(content) // 2} bytes 00", f"    {len(content) // 2} 字节 00"))


def _row(record: Any, console: Console) -> tuple[str, ...]:  # noqa: ANN401  JSON
    number = f"{record['number']:>3}"
    if "hex" not in record:
        return number, _status(record, console).strip()
    return number, record["hex"], _name(record, console).strip(), record.get("value", "")


def _balance(purse: Any, console: Console) -> str:  # noqa: ANN401  JSON
    return console.pick(fen(purse["balance"])) if "balance" in purse else ""


def _name(node: Any, console: Console) -> str:  # noqa: ANN401  JSON
    return console.pick(Text(node["name"], node["name_zh"])) + "  " if "name" in node else ""


def _status(node: Any, console: Console) -> str:  # noqa: ANN401  JSON
    if node["status"] == _OK:
        return ""
    status = StatusWord(int(node["status"], 16))
    return f"[{status} {console.pick(status.meaning)}]"
