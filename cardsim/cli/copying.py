"""What dump, diff, clone and apply share: reading all of a card, and that as JSON."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from apdu import BilingualError, format_hex
from cardsim.chip.card import Card
from cardsim.chip.memory import Memory, NoJournal
from cardsim.chip.t0 import T0Port
from cardsim.cli.cards import OptionError
from cardsim.cli.names import PURSE_NAMES
from cardsim.zones.fields import value_text
from cardsim.zones.hrss import SSSE
from cardsim.zones.model import Cyclic, Directory, VariableTlv
from cardsim.zones.registry import ZONES
from readers.connect.inprocess import connect_inprocess
from readers.connect.layers import with_layers
from readers.terminal.copy import dump_card
from readers.terminal.hrss import layout_of, read_version, select_hrss, select_mf
from readers.terminal.script import run as play
from readers.terminal.security import require_pin

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from apdu import Connection
    from cardsim.cli.console import Console
    from cardsim.cli.hsm import Proofs
    from cardsim.perso.image import CardImage
    from cardsim.zones.fields import FieldType
    from cardsim.zones.layouts import Layout
    from cardsim.zones.model import Df, FileDeclaration
    from readers.errors import CardRefusedError
    from readers.terminal.copy import DumpedDirectory, DumpedFile, DumpedPurse, DumpedRecord
    from readers.terminal.script import Script

    Plain = dict[str, object]

DUMP_FORMAT: Final = "cardsim dump 1"


def check_trace(options: argparse.Namespace) -> None:
    """Raise OptionError for a trace where no reader is named."""
    if (options.trace or options.trace_secrets) and not options.reader:
        raise OptionError(
            "--trace and --trace-secrets are for a card in a reader (--reader)",
            "--trace 与 --trace-secrets 仅用于读卡器中的卡(--reader)",
        )


@dataclass(slots=True)
class Secrets:
    """The PIN and the keys that may be tried on a card, and the keys that it refused."""

    pin: bytes | None = None
    proofs: Proofs | None = None
    refusals: dict[str, CardRefusedError] = field(default_factory=dict)

    @property
    def used(self) -> bool:
        """Whether anything secret goes to the card."""
        return self.pin is not None or self.proofs is not None

    def unlock(self, atr: bytes) -> Script[Callable[[Df], Script[None]] | None]:
        """Return what opens a directory of the HRSS zone once it is selected; meets the card if keys are to be proved.

        Raises CardRefusedError when the keys are not the card's.
        """
        if not self.used:
            return None
        fci = yield from select_hrss()
        layout = layout_of((yield from read_version()))
        unlocker = None
        if self.proofs:
            from cardsim.cli.hsm import Unlocker, meet_card  # noqa: PLC0415  keys are for those who ask for them

            unlocker = Unlocker((yield from meet_card(atr, fci, self.proofs)), self.refusals)

        def unlock(df: Df) -> Script[None]:
            if df is SSSE and self.pin is not None:
                yield from require_pin(self.pin)
            if unlocker and df in tuple(SSSE.walk()):
                yield from unlocker(df, layout)

        return unlock


@contextlib.contextmanager
def opened_secrets(options: argparse.Namespace, console: Console, *, keys: bool = False) -> Iterator[Secrets]:
    """Give the PIN and the keys that the options allow, none unless asked for, and hold the PSAM while it is used.

    ``keys``: keys are needed in any case. Raises OptionError, PsamError or ReaderError.
    """
    given = Secrets()
    if options.pin is not None:
        from cardsim.cli.pins import pin_bytes  # noqa: PLC0415  secrets are for those who ask for them

        given.pin = pin_bytes(options.pin, console)
    if options.auth or options.psam or options.psam_reader or keys:
        from cardsim.cli.psam import opened_proofs  # noqa: PLC0415  keys are for those who ask for them

        with opened_proofs(options, console) as given.proofs:
            yield given
        return
    if options.keystore or options.key_file or options.passphrase_file:
        raise OptionError("a keystore is for --auth hsm", "密钥库需与 --auth hsm 同用")
    yield given


def dumped(connection: Connection, given: Secrets) -> Plain:
    """Return all that the card gives, as JSON can hold it."""

    def script() -> Script[tuple[DumpedDirectory, ...]]:
        yield from select_mf()
        unlock = yield from given.unlock(connection.atr)
        return (yield from dump_card(unlock))

    directories = play(script(), connection)
    layout = _layout(directories)
    return {
        "format": DUMP_FORMAT,
        "atr": format_hex(connection.atr),
        "layout": layout.text,
        "directories": [_directory(directory, layout) for directory in directories],
    }


def dumped_image(image: CardImage, given: Secrets) -> Plain:
    """Return what a card of this image gives; the image itself stays as it is, tries and all."""
    card = Card(Memory(image.memory, NoJournal()), image.profile, secrets.token_bytes)
    connection = connect_inprocess(T0Port(card, image.profile), image.profile.chip)
    return dumped(with_layers(connection), given)


def _layout(directories: tuple[DumpedDirectory, ...]) -> Layout:
    """Return the layout of the HRSS zone on the card, from its specification version."""
    for directory in directories:
        if directory.declaration is SSSE:
            for file in directory.files:
                for record in file.records:
                    if file.sfi == 5 and record.data[:1] == b"\x03":
                        return layout_of(record.data[2:].decode("ascii", "replace"))
    return layout_of("")


def _directory(directory: DumpedDirectory, layout: Layout) -> Plain:
    df = directory.declaration
    label = area_of(df) if df else None
    plain: Plain = {"directory": label or (f"{directory.fid:04X}" if directory.fid else format_hex(directory.name))}
    plain["aid"] = format_hex(directory.name)
    if df:
        plain |= {"name": df.name, "name_zh": df.name_zh}
    plain |= {"status": str(directory.status), "fci": format_hex(directory.fci)}
    plain["files"] = [_file(file, _declared(file, df, layout), layout) for file in directory.files]
    if directory.purses:
        plain["purses"] = [_purse(purse) for purse in directory.purses]
    return plain


def area_of(df: Df) -> str:
    """Return what a declared directory goes by."""
    return df.key_area or f"{df.fid:04X}"


def _purse(purse: DumpedPurse) -> Plain:
    name = PURSE_NAMES[purse.fid]
    plain: Plain = {"purse": f"{purse.fid:04X}", "name": name.en, "name_zh": name.zh, "status": str(purse.status)}
    return plain | ({"balance": purse.balance} if purse.status.ok else {})


def _declared(file: DumpedFile, df: Df | None, layout: Layout) -> FileDeclaration | None:
    for declared in df.files if df else ():
        if isinstance(declared, Directory) or layout not in declared.layouts:
            continue
        if declared.fid == file.fid:
            return declared
    return None


def _file(file: DumpedFile, declared: FileDeclaration | None, layout: Layout) -> Plain:
    plain: Plain = {"file": f"{file.fid:04X}"}
    if declared:
        plain |= {"name": declared.name, "name_zh": declared.name_zh}
    plain["status"] = str(file.status)
    if file.content is not None:
        plain["content"] = format_hex(file.content)
    elif file.records:
        plain["records"] = [_record(record, declared, layout) for record in file.records]
    return plain


def _record(record: DumpedRecord, declared: FileDeclaration | None, layout: Layout) -> Plain:
    plain: Plain = {"number": record.number}
    if not record.status.ok:
        return plain | {"status": str(record.status)}
    kind: FieldType | None = None
    value = record.data
    if isinstance(declared, Cyclic):
        kind = declared.record
    elif isinstance(declared, VariableTlv) and record.data:
        element = next((e for e in declared.elements(layout) if e.tag == record.data[0]), None)
        if element:
            plain |= {"name": element.name, "name_zh": element.name_zh}
            kind, value = element.type, record.data[2:]
    plain["hex"] = format_hex(record.data)
    if kind:
        with contextlib.suppress(BilingualError):  # not as declared: the bytes say it all
            plain["value"] = value_text(kind.decode(value))
    return plain


def hrss_files(plain: Plain) -> Iterator[tuple[str, Plain]]:
    """Yield the files of the HRSS zone in an export or a dump, each under the name that it has there (DF01/EF06)."""
    names = {format_hex(df.aid): df for zone in ZONES.values() for df in zone.application.walk()}
    for directory in _directories(plain):
        df = names.get(str(directory.get("aid")))
        if df in tuple(SSSE.walk()):
            files = directory.get("contents", directory.get("files"))
            for file in files if isinstance(files, list) else ():
                if isinstance(file, dict) and isinstance(file.get("file"), str):
                    area = "SSSE" if df is SSSE else f"{df.fid:04X}"
                    yield f"{area}/{file['file'].upper()}", file


def _directories(node: object) -> Iterator[Plain]:
    if isinstance(node, dict):
        if "directory" in node:
            yield node
        for key in ("card", "contents", "directories"):
            yield from _directories(node.get(key))
    elif isinstance(node, list):
        for item in node:
            yield from _directories(item)
