"""`cardsim write`: elements of a card, under their update keys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from apdu import BilingualError, parse_hex
from cardsim.cli.cards import connected, read_bytes
from cardsim.cli.hsm import meet_card
from cardsim.cli.photo import fitted_photo
from cardsim.errors import ElementError
from cardsim.zones.addresses import Address, find_file
from cardsim.zones.fields import Padding
from cardsim.zones.model import Cyclic, Transparent, VariableTlv
from readers.connect.layers import with_layers
from readers.terminal.hrss import layout_of, read_version, select_hrss
from readers.terminal.script import run as play
from readers.terminal.writing import Protect, Write, write_all

if TYPE_CHECKING:
    import argparse

    from cardsim.cli.console import Console
    from cardsim.zones.layouts import Layout
    from cardsim.zones.model import Df
    from readers.terminal.script import Script
    from readers.terminal.writing import Written

_FROM_FILE = "@"


def run(options: argparse.Namespace, console: Console) -> int:
    """Write the values, read them back, and say for each what became of it; 1 when one came back different."""
    with connected(options, console) as (bare, _, sink):
        connection = with_layers(bare, trace=sink)
        written = play(_script(options, connection.atr), connection)
    for item in written:
        console.line(f"{item.write.name}: {_outcome(item, console)}")
    return int(any(item.readable and not item.equal for item in written))


def _outcome(item: Written, console: Console) -> str:
    zh = console.language.value == "zh"
    if not item.readable:
        return "已写入(不可读回)" if zh else "written (can not be read back)"
    if item.equal:
        return "已写入并核对" if zh else "written and verified"
    return "已写入,但读回的内容不同" if zh else "written, but the card gives something else"


def _script(options: argparse.Namespace, atr: bytes) -> Script[list[Written]]:
    yield from select_hrss()
    layout = layout_of((yield from read_version()))
    writes = [_write(item, layout, raw=options.raw) for item in options.items]
    terminal = yield from meet_card(atr)
    return (yield from write_all(terminal, writes, Protect(options.protect)))


def _write(item: str, layout: Layout, *, raw: bool) -> Write:
    """Return what "EF06/09=value" asks for: FILE/TAG of an element, FILE of a transparent or cyclic file.

    "@path" takes the bytes of a file. Raises ElementError naming the item.
    """
    where, separator, value = item.partition("=")
    try:
        if not separator:
            raise ElementError("FILE/TAG=VALUE is wanted", "格式应为 文件/标签=值")
        name, _, address = where.rpartition("/")
        if "EF" in address.upper():
            name, address = where, ""
        df, file = find_file(name, layout)
        if isinstance(file, VariableTlv):
            return _record(where, (df, file), Address.parse(address), value, layout, raw=raw)
        data = _content(file, value, layout, raw=raw)
    except BilingualError as error:
        raise ElementError(f"{item}: {error}", f"{item}:{error.text.zh}") from error
    return Write(where, df, file, data)


def _record(
    where: str, place: tuple[Df, VariableTlv], address: Address, value: str, layout: Layout, *, raw: bool
) -> Write:
    df, file = place
    for number, (element, nth) in enumerate(file.numbered(layout), 1):
        if (element.tag, nth) == address:
            if value and element.check and not raw:
                element.check(value)
            data = parse_hex(value) if raw else element.type.encode(value, Padding())
            return Write(where, df, file, data, element.tag, number)
    known = " ".join(str(Address(element.tag, nth)) for element, nth in file.numbered(layout))
    raise ElementError(f"no element {address} there; there are {known}", f"没有数据元 {address};可用:{known}")


def _content(file: Cyclic | Transparent, value: str, layout: Layout, *, raw: bool) -> bytes:
    if isinstance(file, Cyclic):
        return parse_hex(value) if raw else file.record.encode(value, Padding())
    size = file.sizes[layout]
    data = read_bytes(Path(value[1:])) if value.startswith(_FROM_FILE) else parse_hex(value)
    if file.content == "photo" and value.startswith(_FROM_FILE):
        data = fitted_photo(data, size, value[1:])
    if len(data) > size:
        raise ElementError(f"{len(data)} bytes; the file holds {size}", f"{len(data)} 字节;文件只能存 {size} 字节")
    return data
