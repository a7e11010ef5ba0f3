"""What an answer says, for people: FCI trees, records by the zone's names, plain data as text where it is text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import Command, CommandError, Response, StatusWord, Sw, Text, TlvError, format_hex, parse_ber, parse_simple
from cardsim.zones.hrss import SSSE, SSSE_NAME
from cardsim.zones.model import VariableTlv
from readers.terminal.hrss import decode_element

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apdu import BerTlv

_BER_NAMES: Final = {
    0x6F: Text("FCI template", "文件控制信息模板"),
    0x84: Text("DF name", "DF 名称"),
    0xA5: Text("FCI proprietary template", "FCI 专用模板"),
    0x88: Text("SFI of the directory", "目录文件 SFI"),
    0x9F0C: Text("issuer's discretionary data", "发卡方自定义数据"),
    0x70: Text("record template", "记录模板"),
    0x61: Text("application template", "应用模板"),
    0x4F: Text("application identifier", "应用标识符"),
    0x50: Text("application label", "应用标签"),
}
_SELECT: Final = 0xA4
_READ_RECORD: Final = 0xB2
_BY_NAME: Final = 0x04
_FIDS_OF_FILES: Final = 0xEF
"""First byte of an elementary file's FID on these cards; that of a directory is another."""


class AnswerExplainer:
    """Explains answers one after the other, remembering which file was selected."""

    def __init__(self) -> None:
        self._files: dict[int, VariableTlv] = {}
        self._current: int | None = None

    def explain(self, command: bytes, response: bytes) -> tuple[Text, ...]:
        """Return lines about ``response``: the status word's meaning, then what the data is, where that is known."""
        answer = Response.parse(response)
        meaning = answer.sw.meaning
        lines = [Text(f"{answer.sw} {meaning.en}", f"{answer.sw} {meaning.zh}")]
        try:
            parsed = Command.parse(command)
        except CommandError:
            return tuple(lines)
        if parsed.ins == _SELECT and answer.ok:
            self._selected(parsed)
        if answer.data:
            lines.extend(self._data(parsed, answer.data))
        return tuple(lines)

    def _selected(self, command: Command) -> None:
        if command.p1 != _BY_NAME and len(command.data) == 2 and command.data[0] == _FIDS_OF_FILES:
            self._current = int.from_bytes(command.data, "big")
            return
        # A directory: its files are known when it is SSSE, those of any other would be taken for SSSE's.
        ssse = command.data == (SSSE_NAME if command.p1 == _BY_NAME else SSSE.fid.to_bytes(2, "big"))
        self._files = {file.fid: file for file in SSSE.files if isinstance(file, VariableTlv)} if ssse else {}
        self._current = None

    def _data(self, command: Command, data: bytes) -> Iterator[Text]:
        if data[0] in (0x6F, 0x70):
            try:
                objects = parse_ber(data)
            except TlvError:
                pass
            else:
                yield from _tree(objects)
                return
        if command.ins == _READ_RECORD:
            try:
                records = parse_simple(data)
            except TlvError:
                records = ()
            for record in records:
                yield self._record(command, record.tag, record.encode())
            if records:
                return
        yield _plain(data)

    def _record(self, command: Command, tag: int, record: bytes) -> Text:
        sfi = command.p2 >> 3
        if sfi:
            self._current = 0xEF00 | sfi
        file = self._files.get(self._current or 0)
        element = file.element(tag) if file else None
        if element is None:
            plain = _plain(record[2:])
            return Text(f"{tag:02X} {plain.en}", f"{tag:02X} {plain.zh}")
        decoded = decode_element(element, record, StatusWord(Sw.OK))
        if decoded.text is None:
            return Text(
                f"{tag:02X} {element.name} = {format_hex(decoded.raw)} (not as declared)",
                f"{tag:02X} {element.name_zh} = {format_hex(decoded.raw)}(与定义不符)",
            )
        meaning = decoded.meaning
        en, zh = (f" ({meaning.en})", f"({meaning.zh})") if meaning else ("", "")
        return Text(
            f"{tag:02X} {element.name} = {decoded.text or '(empty)'}{en}",
            f"{tag:02X} {element.name_zh} = {decoded.text or '(空)'}{zh}",
        )


def _tree(objects: tuple[BerTlv, ...], depth: int = 0) -> Iterator[Text]:
    for item in objects:
        name = _BER_NAMES.get(item.tag, Text("", ""))
        value = Text("", "") if item.constructed else _plain(item.value)
        indent = "  " * depth
        yield Text(
            f"{indent}{item.tag:02X} {name.en} {value.en}".rstrip(),
            f"{indent}{item.tag:02X} {name.zh} {value.zh}".rstrip(),
        )
        yield from _tree(item.children, depth + 1)


def _plain(data: bytes) -> Text:
    """Hexadecimal, and the text it is when all of it is printable."""
    hexadecimal = format_hex(data)
    try:
        text = data.rstrip(b"\x00 ").decode("gbk")
    except UnicodeDecodeError:
        text = ""
    shown = f'{hexadecimal} "{text}"' if len(text) > 1 and text.isprintable() else hexadecimal
    return Text(shown, shown)
