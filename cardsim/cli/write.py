"""`cardsim write`: elements of a card, under their update keys."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from apdu import BilingualError, Text, parse_hex
from cardsim.cli.cards import connected, read_bytes
from cardsim.cli.console import aligned
from cardsim.cli.hsm import meet_card
from cardsim.cli.photo import fitted_photo
from cardsim.cli.psam import opened_proofs
from cardsim.errors import ElementError
from cardsim.zones.access import NEVER
from cardsim.zones.addresses import Address, file_key, find_file
from cardsim.zones.fields import An, Padding
from cardsim.zones.model import Certainty, Cyclic, Transparent, VariableTlv
from readers.connect.layers import with_layers
from readers.terminal.hrss import dir_sfi_of, layout_of, read_version, select_hrss
from readers.terminal.script import run as play
from readers.terminal.writing import BY_TAG, Protect, Write, write_all

if TYPE_CHECKING:
    import argparse

    from cardsim.cli.console import Console
    from cardsim.cli.hsm import Proofs
    from cardsim.zones.layouts import Layout
    from cardsim.zones.model import Df
    from readers.terminal.script import Script
    from readers.terminal.writing import Written

_FROM_FILE: Final = "@"
_MAX_VALUE: Final = 253
"""Bytes of a value that go with tag and length into one command."""
_MAX_FILE: Final = 0x7FFF
"""Bytes that an offset reaches."""
_PLACE: Final = re.compile(r"(.*?EF[0-9A-F]{2})(?:/(.*))?", re.IGNORECASE | re.DOTALL)
_NOT_READABLE: Final = Text("written (can not be read back)", "已写入(不可读回)")
_VERIFIED: Final = Text("written and verified", "已写入并核对")
_DIFFERENT: Final = Text("written, but the card gives something else", "已写入,但读回的内容不同")


def run(options: argparse.Namespace, console: Console) -> int:
    """Write the values, read them back, and say for each what became of it; 1 when one came back different."""
    with (
        opened_proofs(options, console) as proofs,
        connected(options, console, secrets_used=True) as (bare, _, sink),
    ):
        connection = with_layers(bare, trace=sink)
        written = play(_script(options, proofs, connection.atr), connection)
    for line in aligned((item.write.name, console.pick(_outcome(item))) for item in written):
        console.line(line)
    return int(any(item.readable and not item.equal for item in written))


def _outcome(item: Written) -> Text:
    if not item.readable:
        return _NOT_READABLE
    return _VERIFIED if item.equal else _DIFFERENT


def _script(options: argparse.Namespace, proofs: Proofs, atr: bytes) -> Script[list[Written]]:
    """Make sense of all items, in the card's layout, before any key is proved."""
    fci = yield from select_hrss()
    layout = layout_of((yield from read_version()))
    encoder = _Encoder(layout, dir_sfi_of(fci), raw=options.raw)
    writes = [encoder.write(item) for item in options.items]
    terminal = yield from meet_card(atr, fci, proofs)
    return (yield from write_all(terminal, writes, Protect(options.protect)))


@dataclass(frozen=True, slots=True)
class _Encoder:
    """From "EF06/09=value" to the bytes of a write. ``raw``: values are bytes already, in hexadecimal digits."""

    layout: Layout
    dir_sfi: int | None
    raw: bool

    def write(self, item: str) -> Write:
        """Return what ``item`` asks for; raises ElementError naming it.

        FILE/TAG names an element, FILE a transparent or cyclic file, a value "@path" the bytes of a file for it.
        """
        where, separator, value = item.partition("=")
        try:
            match = _PLACE.fullmatch(where)
            if not (separator and match):
                raise ElementError(
                    "not of the form FILE/TAG=VALUE, such as EF06/09=NAME", "格式应为 文件/标签=值,如 EF06/09=姓名"
                )
            df, file = self._place(match[1])
            if isinstance(file, VariableTlv):
                return self._record(where, (df, file), match[2] or "", value)
            self._no_address(file, match[2])
            data = self._entry(file, value) if isinstance(file, Cyclic) else self._content(file, value)
        except BilingualError as error:
            name = where or repr(item)
            raise ElementError(f"{name}: {error}", f"{name}:{error.text.zh}") from error
        return Write(where, df, file, data)

    def _place(self, name: str) -> tuple[Df, VariableTlv | Cyclic | Transparent]:
        """Return directory and file of a name; no file that the zone lets nobody write."""
        is_dir = self.dir_sfi is not None and file_key(name) == f"SSSE/EF{self.dir_sfi:02X}"
        place = None if is_dir else find_file(name, self.layout)
        if place is None or place[1].update == NEVER:
            raise ElementError("no key of the zone writes this file", "没有可写此文件的密钥")
        return place

    def _record(self, where: str, place: tuple[Df, VariableTlv], address: str, value: str) -> Write:
        df, file = place
        wanted = Address.parse(address) if address else None
        for position, (element, nth) in enumerate(file.numbered(self.layout), 1):
            if (element.tag, nth) != wanted:
                continue
            # Where a card goes without an optional element, those behind it have other numbers, but still their tags.
            number = position if element.count > 1 else BY_TAG
            read = element.read_in(self.layout, file.read)
            if self.raw:
                return Write(where, df, file, _octets(value, _MAX_VALUE), element.tag, number, read=read)
            if value and element.check:
                element.check(value)
            if element.sure is Certainty.LENGTH_UNKNOWN:
                data = An(_MAX_VALUE).encode(value, Padding()).rstrip(b"\x00")
                return Write(where, df, file, data, element.tag, number, fitted=True, read=read)
            return Write(where, df, file, element.type.encode(value, Padding()), element.tag, number, read=read)
        known = " ".join(str(Address(element.tag, nth)) for element, nth in file.numbered(self.layout))
        raise ElementError(f"name one of its elements: {known}", f"请指定其数据元之一:{known}")

    def _no_address(self, file: Cyclic | Transparent, address: str | None) -> None:
        """Refuse an address that would be ignored; the two that say what happens anyway are fine."""
        newest = ":01" if isinstance(file, Cyclic) else "01"
        if address is None or address == newest:
            return
        if isinstance(file, Cyclic):
            raise ElementError(
                "a cyclic file takes new records, as its newest: leave the address out",
                "循环文件只能追加新记录:请省略地址",
            )
        raise ElementError("a transparent file has no elements: leave the tag out", "透明文件没有数据元:请省略标签")

    def _entry(self, file: Cyclic, value: str) -> bytes:
        if not self.raw:
            return file.record.encode(value, Padding())
        return _octets(value, file.record.size)

    def _content(self, file: Transparent, value: str) -> bytes:
        """Return all of a file, filled with 00 behind the value: nothing of an earlier content stays.

        Where no source knows the file's length, it is the value alone.
        """
        size = file.sizes[self.layout] if file.sure is not Certainty.LENGTH_UNKNOWN else _MAX_FILE
        if value.startswith(_FROM_FILE):
            data = read_bytes(Path(value[1:]))
            if file.content == "photo":
                data = fitted_photo(data, size, value[1:])
        else:
            data = parse_hex(value)
        if len(data) > size:
            raise ElementError(f"{len(data)} bytes; the file holds {size}", f"{len(data)} 字节;文件只能存 {size} 字节")
        return data if file.sure is Certainty.LENGTH_UNKNOWN else data.ljust(size, b"\x00")


def _octets(value: str, most: int) -> bytes:
    data = parse_hex(value)
    if len(data) > most:
        raise ElementError(f"{len(data)} bytes; there is room for {most}", f"{len(data)} 字节,最多 {most} 字节")
    return data
