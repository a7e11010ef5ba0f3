"""`cardsim read`."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from apdu import StatusWord, Sw, Text, TlvError, format_hex, parse_ber
from cardsim.cli.cards import OptionError, connected
from cardsim.cli.console import aligned
from cardsim.cli.output import made_directory, write_new
from cardsim.zones.access import FREE
from cardsim.zones.model import Cyclic, Directory, Transparent, VariableTlv
from readers.connect.layers import with_layers
from readers.terminal.hrss import decode_entry, read_hrss, select_hrss
from readers.terminal.script import run as play
from readers.terminal.security import require_pin

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from cardsim.cli.console import Console
    from cardsim.cli.hsm import Proofs
    from cardsim.zones.access import Access
    from readers.errors import CardRefusedError
    from readers.terminal.hrss import HrssReport, ReadElement, ReadFile
    from readers.terminal.psam import Psam
    from readers.terminal.script import Script

_NOT_AS_DECLARED = Text(" (not as declared)", "(与定义不符)")
_JPEG_START = b"\xff\xd8"
_EMPTY = Text("(empty)", "(空)")


def run(options: argparse.Namespace, console: Console) -> int:
    """Read everything that is readable, without a secret unless options give one, and print it.

    1 when a key of `--auth` is blocked or missing: what else could be read is printed all the same.
    """
    refusals: dict[str, CardRefusedError] = {}
    pin = None
    if options.pin is not None:
        from cardsim.cli.pins import pin_bytes  # noqa: PLC0415  secrets are for those who ask for them

        pin = pin_bytes(options.pin, console)
    with contextlib.ExitStack() as stack:
        proofs = None
        if options.auth or options.psam or options.psam_reader:
            from cardsim.cli.psam import opened_proofs  # noqa: PLC0415  keys are for those who ask for them

            proofs = stack.enter_context(opened_proofs(options, console))
        elif options.keystore or options.key_file or options.passphrase_file:
            raise OptionError("a keystore is for --auth hsm", "密钥库需与 --auth hsm 同用")
        elif options.sm4_extension or options.sm4_fold:
            raise OptionError(
                "--sm4-extension and --sm4-fold are for --auth", "--sm4-extension 与 --sm4-fold 需与 --auth 同用"
            )
        secrets_used = bool(pin or proofs)
        bare, _, sink = stack.enter_context(connected(options, console, secrets_used=secrets_used))
        if options.save:
            made_directory(Path(options.save))
        connection = with_layers(bare, trace=sink)
        report = play(_script(connection.atr, pin, refusals, proofs), connection)
    psam = proofs.psam if proofs else None
    if options.json:
        console.json(_plain(report, connection.atr) | _terminal(psam))
    else:
        _print(report, connection.atr, console)
        if psam:
            console.line()
            console.say(
                f"terminal {psam.terminal_number}, device {psam.device_number}",
                f"终端机编号 {psam.terminal_number},终端设备号 {psam.device_number}",
            )
    if options.save:
        _save(report, Path(options.save), console)
    for error in refusals.values():
        console.error(error.text)
    return int(bool(refusals))


def _terminal(psam: Psam | None) -> dict[str, object]:
    """Return what a PSAM says of its terminal: fields 10 and 11 of what terminals tell (terminal-interface 1.3)."""
    return {"terminal_number": psam.terminal_number, "device_number": psam.device_number} if psam else {}


def _script(
    atr: bytes, pin: bytes | None, refusals: dict[str, CardRefusedError], proofs: Proofs | None
) -> Script[HrssReport]:
    """Read, with a PIN and keys what they open as well. A PIN or key that the card does not accept ends it."""
    if pin is None and not proofs:
        return (yield from read_hrss())
    fci = yield from select_hrss()
    unlock = None
    if proofs:
        from cardsim.cli.hsm import Unlocker, meet_card  # noqa: PLC0415  keys are for those who ask for them

        unlock = Unlocker((yield from meet_card(atr, fci, proofs)), refusals)
    if pin is not None:
        yield from require_pin(pin)
    return (yield from read_hrss(unlock))


def _save(report: HrssReport, directory: Path, console: Console) -> None:
    """Save what the card holds of photo and fingerprint; the filling behind a content is not part of it."""
    saved = False
    for file in report.all_files:
        name = file.declaration.content if isinstance(file.declaration, Transparent) else None
        content = file.content.rstrip(b"\x00")
        if name and content:
            path = directory / (f"{name}.jpg" if content.startswith(_JPEG_START) else f"{name}.bin")
            write_new(path, content, overwrite=True)
            console.note(f"{path}: {len(content)} bytes", f"{path}:{len(content)} 字节")
            saved = True
    if not saved:
        console.note(
            "nothing to save: photo and fingerprint are empty or closed (--auth hsm opens them)",
            "没有可保存的内容:照片与指纹为空或不可读(可用 --auth hsm 打开)",
        )


def _print(report: HrssReport, atr: bytes, console: Console) -> None:
    console.line(f"ATR {format_hex(atr, ' ')}")
    console.say(
        f"HRSS application, specification {report.version or 'unknown'}, read as layout {report.layout.text}",
        f"社会保障应用,规范版本 {report.version or '未知'},按布局 {report.layout.text} 读取",
    )
    rows = (_row(item, file, report, console) for file in report.all_files for item in file.elements)
    elements = iter(aligned(rows))
    for file in report.files:
        console.line()
        for line in _file_lines(file, report, elements, console):
            console.line(line)
    for directory in report.directories:
        console.line()
        df = directory.declaration
        heading = console.pick(Text(f"{df.fid:04X} {df.name}", f"{df.fid:04X} {df.name_zh}"))
        if directory.refused:
            console.line(f"{heading}  [{directory.refused} {console.pick(directory.refused.meaning)}]")
            continue
        console.line(heading)
        for file in directory.files:
            for line in _file_lines(file, report, elements, console):
                console.line(f"  {line}")


def _file_lines(file: ReadFile, report: HrssReport, elements: Iterator[str], console: Console) -> Iterator[str]:
    """Yield a heading and what the file holds, or one line that says why it was refused."""
    declaration = file.declaration
    heading = console.pick(Text(f"{file.fid:04X} {declaration.name}", f"{file.fid:04X} {declaration.name_zh}"))
    if not (file.status.ok or file.elements):
        yield f"{heading}  {_refused(file.status, file.needed(report.layout), console)}"
        return
    yield heading
    match declaration:
        case Transparent():
            yield f"  {console.pick(_content(file.content))}"
        case Directory():
            yield from (f"  {line}" for line in aligned(map(_application, file.records)))
        case Cyclic():
            yield from _entries(declaration, file.records, console)
        case VariableTlv():
            yield from (f"  {next(elements)}" for _ in file.elements)


def _content(content: bytes) -> Text:
    used = len(content.rstrip(b"\x00"))
    if not used:
        return Text(f"{len(content)} bytes {_EMPTY.en}", f"{len(content)} 字节{_EMPTY.zh}")
    jpeg = Text(" (JPEG)", "(JPEG)") if content.startswith(_JPEG_START) else Text("", "")
    return Text(f"{used} of {len(content)} bytes{jpeg.en}", f"{used}/{len(content)} 字节{jpeg.zh}")


def _application(record: bytes) -> tuple[str, str]:
    """Return name and label of an entry of the DIR, all of it as bytes when it has another form."""
    try:
        entry = parse_ber(record)[0]
    except (TlvError, IndexError):
        return format_hex(record), ""
    name, label = entry.find(0x61, 0x4F), entry.find(0x61, 0x50)
    if name is None or label is None:
        return format_hex(record), ""
    text = label.value.decode("gbk", errors="replace")
    return format_hex(name.value), text if text.isprintable() else format_hex(label.value)


def _entries(declaration: Cyclic, records: Sequence[bytes], console: Console) -> Iterator[str]:
    """Yield the records of a cyclic file that were written, the newest first."""
    texts = [decode_entry(declaration, record) for record in records]
    if not any(text != "" for text in texts):
        yield f"  {console.pick(_EMPTY)}"
    for number, (record, text) in enumerate(zip(records, texts, strict=True), 1):
        if text != "":
            shown = format_hex(record) + console.pick(_NOT_AS_DECLARED) if text is None else text
            yield f"  :{number:02}  {shown}"


def _row(item: ReadElement, file: ReadFile, report: HrssReport, console: Console) -> tuple[str, ...]:
    """Place, name in the user's language and in the other one, value."""
    element = item.element
    if not item.status.ok:
        value = _refused(item.status, element.read_in(report.layout, file.declaration.read), console)
    elif item.text is None:
        value = format_hex(item.raw) + console.pick(_NOT_AS_DECLARED)
    elif item.meaning:
        value = console.pick(Text(f"{item.text} ({item.meaning.en})", f"{item.text}({item.meaning.zh})"))
    else:
        value = item.text or console.pick(_EMPTY)
    other = Text(element.name_zh, element.name)
    return item.place, console.pick(Text(other.zh, other.en)), console.pick(other), value


def _refused(status: StatusWord, access: Access, console: Console) -> str:
    """Say what the card answered, and what the zone's declaration asks for, where that explains it."""
    text = status.meaning
    if int(status) == Sw.SECURITY_STATUS_NOT_SATISFIED and access != FREE:
        text = Text(f"{text.en}: needs {access.text.en}", f"{text.zh}:需要{access.text.zh}")
    return f"[{status} {console.pick(text)}]"


def _plain(report: HrssReport, atr: bytes) -> dict[str, object]:
    return {
        "atr": format_hex(atr),
        "version": report.version,
        "layout": report.layout.text,
        "fci": format_hex(report.fci),
        "dir_sfi": report.dir_sfi,
        "files": [_plain_file("SSSE", file) for file in report.files],
        "directories": [
            {
                "directory": f"{directory.declaration.fid:04X}",
                "aid": format_hex(directory.declaration.aid),
                "name": directory.declaration.name,
                "name_zh": directory.declaration.name_zh,
                "status": str(directory.status),
                "files": [_plain_file(f"{directory.declaration.fid:04X}", file) for file in directory.files],
            }
            for directory in report.directories
        ],
    }


def _plain_file(directory: str, file: ReadFile) -> dict[str, object]:
    plain: dict[str, object] = {
        "file": f"{directory}/{file.fid:04X}",
        "name": file.declaration.name,
        "name_zh": file.declaration.name_zh,
        "status": str(file.status),
    }
    match file.declaration:
        case Transparent():
            plain["content"] = format_hex(file.content)
        case Directory():
            plain["records"] = [format_hex(record) for record in file.records]
        case Cyclic():
            plain["records"] = [format_hex(record) for record in file.records]
            plain["values"] = [decode_entry(file.declaration, record) for record in file.records]
        case _:
            plain["elements"] = [
                {
                    "tag": f"{item.element.tag:02X}",
                    "number": item.number,
                    "name": item.element.name,
                    "name_zh": item.element.name_zh,
                    "status": str(item.status),
                    "raw": format_hex(item.raw),
                    "value": item.text,
                    "meaning": item.meaning and item.meaning.en,
                    "meaning_zh": item.meaning and item.meaning.zh,
                }
                for item in file.elements
            ]
    return plain
