"""`cardsim read`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from apdu import StatusWord, Text, format_hex
from cardsim.cli.cards import connected
from cardsim.zones.model import Directory, Transparent
from readers.connect.layers import with_layers
from readers.terminal.hrss import read_hrss
from readers.terminal.script import run as play

if TYPE_CHECKING:
    import argparse

    from cardsim.cli.console import Console
    from readers.terminal.hrss import HrssReport, ReadElement, ReadFile


_NOT_AS_DECLARED = Text(" (not as declared)", "(与定义不符)")


def run(options: argparse.Namespace, console: Console) -> int:
    """Read everything that needs no secret and print it."""
    with connected(options, console) as (bare, _, sink):
        connection = with_layers(bare, trace=sink)
        report = play(read_hrss(), connection)
        if options.json:
            console.line(json.dumps(_plain(report, connection.atr), ensure_ascii=False, indent=2))
        else:
            _print(report, connection.atr, console)
    return 0


def _print(report: HrssReport, atr: bytes, console: Console) -> None:
    console.line(f"ATR {format_hex(atr, ' ')}")
    console.say(
        f"HRSS application, specification {report.version or 'unknown'}, read as layout {report.layout.text}",
        f"社会保障应用,规范版本 {report.version or '未知'},按布局 {report.layout.text} 读取",
    )
    for file in report.files:
        declaration = file.declaration
        console.line()
        console.say(f"{file.fid:04X} {declaration.name}", f"{file.fid:04X} {declaration.name_zh}")
        match declaration:
            case Transparent() if file.status.ok:
                console.say(f"     {len(file.content)} bytes", f"     {len(file.content)} 字节")
            case Directory() if file.status.ok:
                for record in file.records:
                    console.line(f"     {format_hex(record)}")
            case Transparent() | Directory():
                console.line(f"     {_refused(file.status, console)}")
            case _:
                for item in file.elements:
                    _print_element(item, console)


def _print_element(item: ReadElement, console: Console) -> None:
    if not item.status.ok:
        value = _refused(item.status, console)
    elif item.text is None:
        value = format_hex(item.raw) + console.pick(_NOT_AS_DECLARED)
    else:
        value = item.text
    console.say(
        f"  {item.element.tag:02X} {item.element.name:<24} {value}",
        f"  {item.element.tag:02X} {item.element.name_zh} {value}",
    )


def _refused(status: StatusWord, console: Console) -> str:
    return f"[{status} {console.pick(status.meaning)}]"


def _plain(report: HrssReport, atr: bytes) -> dict[str, object]:
    return {
        "atr": format_hex(atr),
        "version": report.version,
        "layout": report.layout.text,
        "fci": format_hex(report.fci),
        "files": [_plain_file(file) for file in report.files],
    }


def _plain_file(file: ReadFile) -> dict[str, object]:
    plain: dict[str, object] = {
        "file": f"SSSE/{file.fid:04X}",
        "name": file.declaration.name,
        "name_zh": file.declaration.name_zh,
        "status": str(file.status),
    }
    match file.declaration:
        case Transparent():
            plain["content"] = format_hex(file.content)
        case Directory():
            plain["records"] = [format_hex(record) for record in file.records]
        case _:
            plain["elements"] = [
                {
                    "tag": f"{item.element.tag:02X}",
                    "name": item.element.name,
                    "name_zh": item.element.name_zh,
                    "status": str(item.status),
                    "raw": format_hex(item.raw),
                    "value": item.text,
                }
                for item in file.elements
            ]
    return plain
