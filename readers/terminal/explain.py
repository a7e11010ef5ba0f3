"""What a command did and what its answer says, for people: files, elements and keys by the zone's names.

FCI templates become trees, records are decoded, other data is shown as text where it is text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import Command, CommandError, Response, StatusWord, Sw, Text, TlvError, format_hex, parse_ber, parse_simple
from cardsim.zones.addresses import Address, file_name
from cardsim.zones.hrss import SSSE
from cardsim.zones.layouts import Layout
from cardsim.zones.model import Certainty, CommandSet, Cyclic, Directory, KeyUse, Transparent, VariableTlv
from readers.terminal.explain_pki import PKI_EXPLAINERS
from readers.terminal.explain_psam import PSAM_EXPLAINERS
from readers.terminal.hrss import decode_element, decode_entry, layout_of
from readers.terminal.position import Position
from readers.terminal.security import key_label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apdu import BerTlv
    from cardsim.zones.model import Df, Element, FileDeclaration

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
_VERIFY, _CHANGE_PIN, _UNBLOCK_PIN = 0x20, 0x5E, 0x24
_EXTERNAL, _CHALLENGE, _INTERNAL = 0x82, 0x84, 0x88
_SELECT, _READ_BINARY, _READ_RECORD = 0xA4, 0xB0, 0xB2
_UPDATE_BINARY, _UPDATE_RECORD, _APPEND_RECORD = 0xD6, 0xDC, 0xE2
_EXPLAINERS: Final = {CommandSet.PKI: PKI_EXPLAINERS, CommandSet.PSAM: PSAM_EXPLAINERS}
_PIN_DONE: Final = {
    _VERIFY: Text("the PIN is verified", "PIN 已通过校验"),
    _CHANGE_PIN: Text("the PIN is changed", "PIN 已修改"),
    _UNBLOCK_PIN: Text("the PIN has all its tries again", "PIN 的尝试次数已恢复"),
}
_FROM_NUMBER: Final = (4, 5)
"""P2 modes in which P1 is a record's number: this one, all from it on."""
_PROTECTED: Final = 0x04
_READER: Final = 0xFF
"""The class of commands that a reader answers itself (PC/SC part 3)."""
_FACTOR: Final = 8
_LOCAL: Final = 0x80
_EMPTY: Final = Text("(empty)", "(空)")


class AnswerExplainer:
    """Explains exchanges one after the other, remembering which file is current and which layout the card has."""

    def __init__(self) -> None:
        self._position = Position()
        self._layout: Layout | None = None

    def explain(self, command: bytes, response: bytes) -> tuple[Text, ...]:
        """Return lines about an exchange: the status word's meaning, then what was done, where that is known."""
        answer = Response.parse(response)
        meaning = answer.sw.meaning
        lines = [Text(f"{answer.sw} {meaning.en}", f"{answer.sw} {meaning.zh}")]
        try:
            parsed = Command.parse(command)
        except CommandError:
            return tuple(lines)
        lines.extend(_of_reader(answer) if parsed.cla == _READER else self._about(parsed, answer))
        return tuple(lines)

    def _about(self, command: Command, answer: Response) -> Iterator[Text]:
        ins, data = command.ins, answer.data
        if ins == _SELECT and answer.ok:
            self._position.select(command, data)
            yield from self._place()
        elif ins in (_READ_RECORD, _UPDATE_RECORD, _APPEND_RECORD):
            self._position.use_sfi(command.p2 >> 3)
        elif ins in (_READ_BINARY, _UPDATE_BINARY) and command.p1 & 0x80:
            self._position.use_sfi(command.p1 & 0x1F)
        df = self._position.df
        if df and (explain := _EXPLAINERS.get(df.commands, {}).get(ins)):
            text = explain(command, answer)
            yield from (text,) if text else ()
        elif ins in (_UPDATE_RECORD, _APPEND_RECORD, _UPDATE_BINARY) and answer.ok:
            yield from self._written(command)
        elif ins in (_INTERNAL, _EXTERNAL):
            yield from self._authentication(command, answer)
        elif ins in _PIN_DONE and answer.ok and command.data:
            yield _PIN_DONE[ins]
        elif ins == _CHALLENGE and data:
            yield Text(
                f"challenge {format_hex(data)}, for the next proof or MAC",
                f"随机数 {format_hex(data)},用于下一次认证或 MAC",
            )
        elif data:
            yield from self._data(command, data)

    def _place(self) -> Iterator[Text]:
        """Name the directory or file that is current now."""
        df, file = self._position.df, self._position.file
        if df and file:
            name = _file_label(df, file, self._position.ef or 0)
            yield Text(f"{name} {file.name}", f"{name} {file.name_zh}")
        elif df and self._position.ef is None:
            name = "SSSE" if df is SSSE else f"{df.fid:04X}"
            yield Text(f"{name} {df.name}", f"{name} {df.name_zh}")

    def _authentication(self, command: Command, answer: Response) -> Iterator[Text]:
        """Say whose key it is about; data = session factor or cryptogram 8, data 8 (facts hrss-card 4.3)."""
        key, zh = self._key(command.p2, internal=command.ins == _INTERNAL)
        first, source = format_hex(command.data[:_FACTOR]), format_hex(command.data[_FACTOR : 2 * _FACTOR])
        if command.ins == _EXTERNAL and answer.ok:
            yield Text(f"key {key} is proved: what needs it is open", f"密钥 {zh}认证通过:需要它的内容已开放")
        elif command.ins == _EXTERNAL:
            yield Text(f"key {key} is not proved", f"密钥 {zh}认证未通过")
        elif answer.data:
            cryptogram = format_hex(answer.data)
            yield Text(
                f"cryptogram {cryptogram}: the card's proof of key {key} for data {source}, session factor {first}",
                f"密文 {cryptogram}:卡用密钥 {zh}对数据 {source} 的证明,过程因子 {first}",
            )
        else:
            yield Text(f"no proof of key {key}", f"未证明密钥 {zh}")

    def _key(self, reference: int, *, internal: bool) -> tuple[str, str]:
        """Return a key's label, and in Chinese what it is for as well; of an unknown one its reference."""
        owner = self._position.df if reference & _LOCAL else self._position.df and SSSE
        for key in owner.keys if owner else ():
            if owner and key.reference == reference and (key.use is KeyUse.INTERNAL) == internal:
                label = key_label(owner, key)
                return label, f"{label}({key.name_zh})"
        return f"{reference:02X}", f"{reference:02X}"

    def _written(self, command: Command) -> Iterator[Text]:
        """Name what was written; under line protection the data itself may be enciphered."""
        df, file = self._position.df, self._position.file
        if not (df and file):
            return
        name = _file_label(df, file, self._position.ef or 0)
        if isinstance(file, VariableTlv) and command.ins == _UPDATE_RECORD:
            found = self._updated(file, command)
            if found:
                element, address = found
                yield Text(f"written: {name}/{address} {element.name}", f"已写入:{name}/{address} {element.name_zh}")
                return
        yield Text(f"written: {name} {file.name}", f"已写入:{name} {file.name_zh}")

    def _updated(self, file: VariableTlv, command: Command) -> tuple[Element, Address] | None:
        in_clear = not command.cla & _PROTECTED and bool(command.data)
        tagged = self._tagged(file, command.data[0], len(command.data) - 2) if in_clear else None
        if command.p2 & 7 not in _FROM_NUMBER:
            return tagged or self._tagged(file, command.p1, None)
        numbered = self._numbered(file, command.p1)
        return numbered if not tagged or (numbered and numbered[0] is tagged[0]) else tagged

    def _data(self, command: Command, data: bytes) -> Iterator[Text]:
        file = self._position.file
        if data[0] in (0x6F, 0x70):
            try:
                objects = parse_ber(data)
            except TlvError:
                pass
            else:
                yield from _tree(objects)
                return
        if command.ins == _READ_RECORD and isinstance(file, Cyclic):
            text = decode_entry(file, data)
            shown = _plain(data) if text is None else Text(text, text) if text else _EMPTY
            yield Text(f":{command.p1:02} {file.name} = {shown.en}", f":{command.p1:02} {file.name_zh} = {shown.zh}")
        elif command.ins == _READ_RECORD:
            yield from self._records(command, data)
        elif command.ins == _READ_BINARY and isinstance(file, Transparent):
            first = command.p2 if command.p1 & 0x80 else command.p1 << 8 | command.p2
            last, shown = first + len(data) - 1, _plain(data)
            yield Text(
                f"{file.name}, bytes {first} to {last}: {shown.en}",
                f"{file.name_zh},第 {first} 至 {last} 字节:{shown.zh}",
            )
        else:
            yield _plain(data)

    def _records(self, command: Command, data: bytes) -> Iterator[Text]:
        try:
            records = parse_simple(data)
        except TlvError:
            yield _plain(data)
            return
        file = self._position.file
        for position, record in enumerate(records):
            found = None
            if isinstance(file, VariableTlv):
                found = self._tagged(file, record.tag, len(record.value))
                numbered = self._numbered(file, command.p1 + position) if command.p2 & 7 in _FROM_NUMBER else None
                if found and numbered and numbered[0] is found[0]:
                    found = numbered
            yield self._record(found, record.tag, record.encode())

    def _record(self, found: tuple[Element, Address] | None, tag: int, record: bytes) -> Text:
        if found is None:
            plain = _plain(record[2:])
            return Text(f"{tag:02X} {plain.en}", f"{tag:02X} {plain.zh}")
        element, address = found
        decoded = decode_element(element, record, StatusWord(Sw.OK))
        if decoded.text is None:
            return Text(
                f"{address} {element.name} = {format_hex(decoded.raw)} (not as declared)",
                f"{address} {element.name_zh} = {format_hex(decoded.raw)}(与定义不符)",
            )
        if element.name == "spec_version" and decoded.text:
            self._layout = layout_of(decoded.text)
        meaning = decoded.meaning
        en, zh = (f" ({meaning.en})", f"({meaning.zh})") if meaning else ("", "")
        return Text(
            f"{address} {element.name} = {decoded.text or _EMPTY.en}{en}",
            f"{address} {element.name_zh} = {decoded.text or _EMPTY.zh}{zh}",
        )

    def _tagged(self, file: VariableTlv, tag: int, size: int | None) -> tuple[Element, Address] | None:
        """Return the element with ``tag`` and its address; of those in several layouts one with this length.

        Where the card's layout has not been seen, the latest that fits.
        """
        known = [item for item in file.records if item.tag == tag and (self._layout or item.layouts) & item.layouts]
        fitting = [item for item in known if item.type.size == size or item.sure is Certainty.LENGTH_UNKNOWN]
        found = (fitting or known)[-1:]
        return (found[0], Address(tag)) if found else None

    def _numbered(self, file: VariableTlv, number: int) -> tuple[Element, Address] | None:
        """Return the element that is record ``number``, in layout 2.00 where the card's has not been seen."""
        records = file.numbered(self._layout or Layout.V2_00)
        if not 1 <= number <= len(records):
            return None
        element, nth = records[number - 1]
        return element, Address(element.tag, nth)


def _of_reader(answer: Response) -> Iterator[Text]:
    """Yield what a reader answered, a UID mostly: what text its bytes look like means nothing."""
    if answer.data:
        shown = format_hex(answer.data)
        yield Text(shown, shown)


def _file_label(df: Df, file: FileDeclaration, fid: int) -> str:
    if isinstance(file, Directory):
        return f"SSSE/EF{fid & 0xFF:02X}"
    return file_name(df, file) if df.commands is CommandSet.HRSS else f"{fid:04X}"


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
