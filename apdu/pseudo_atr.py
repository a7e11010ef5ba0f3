"""The ATR that a PC/SC reader makes up for a contactless card (PC/SC part 3, 3.1.3.2; facts terminal-interface 7.1).

``3B | 8N | 80 | 01 | N bytes | TCK``, N at most 15. The bytes come from the ATS (type A), from ATQB and the answer to
ATTRIB (type B), or name a storage card. A contact card may well send an ATR of the same form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from apdu.atr import Atr, build_atr
from apdu.errors import AtrError
from apdu.historical import explain_historical
from apdu.lines import labelled
from apdu.text import Text
from apdu.type_b import Atqb, AttribAnswer

if TYPE_CHECKING:
    from apdu.ats import Ats

_PROTOCOLS = (0, 1)
_TYPE_B_SIZE = 8
_TYPE_B_INFO = 3  # a fourth byte is extended protocol information, which is left out
# Category indicator, application identifier's tag and length, and the RID of the PC/SC workgroup.
_STORAGE_HEAD = bytes((0x80, 0x4F, 0x0C, 0xA0, 0x00, 0x00, 0x03, 0x06))
_STORAGE_TAIL = bytes(4)
_STORAGE_SIZE = 15


class StorageCard(NamedTuple):
    """A memory card without protocol of its own, as its pseudo-ATR names it (PC/SC part 3 supplement)."""

    standard: int
    name: int

    @property
    def standard_text(self) -> Text:
        """The standard that byte SS names."""
        return _STANDARDS.get(self.standard, _UNKNOWN)

    @property
    def name_text(self) -> Text:
        """The product that bytes NN NN name."""
        product = _PRODUCTS.get(self.name)
        return Text(product, product) if product else _UNKNOWN

    @classmethod
    def from_atr(cls, atr: Atr) -> StorageCard | None:
        """Return the storage card that a pseudo-ATR names, or ``None`` when it names none."""
        value = atr.historical_bytes
        named = value.startswith(_STORAGE_HEAD) and value.endswith(_STORAGE_TAIL)
        if not named or len(value) != _STORAGE_SIZE or not is_pseudo_atr(atr):
            return None
        return cls(value[8], int.from_bytes(value[9:11], "big"))


def is_pseudo_atr(atr: bytes) -> bool:
    """Return whether ``atr`` has the form of a pseudo-ATR, TCK right and nothing behind it."""
    try:
        parsed = Atr.parse(atr)
    except AtrError:
        return False
    return atr[0] == 0x3B and atr[1] >> 4 == 8 and atr[2:4] == b"\x80\x01" and not parsed.problems


def pseudo_atr_of_ats(ats: Ats) -> Atr:
    """Return the pseudo-ATR of a type A card: its historical bytes, which must be at most 15.

    Raises :class:`AtrError` when there are more.
    """
    return build_atr(ats.historical_bytes, protocols=_PROTOCOLS)


def pseudo_atr_of_type_b(atqb: bytes, attrib: bytes, *, low_nibble: int = 0) -> Atr:
    """Return the pseudo-ATR of a type B card: application data, protocol information and MBLI, never the PUPI.

    ``atqb`` is the answer to request (50, PUPI, 4 + 3 bytes; 12 or 13 in all) and ``attrib`` the answer to ATTRIB,
    whose first byte is MBLI and CID; both without checksum. MBLI goes into the upper half of the last byte. The lower
    half is ``low_nibble``: PC/SC part 3 has 0 there, the default, but tools disagree (facts terminal-interface 7.1).

    Raises :class:`AtrError` when an answer or the nibble has not that form.
    """
    request, answer = Atqb(atqb), AttribAnswer(attrib)
    if not 0 <= low_nibble <= 15:
        raise AtrError(
            f"low_nibble is {low_nibble}; it is four bits, 0 to 15", f"low_nibble 为 {low_nibble};应为 0 至 15"
        )
    info = request.application_data + request.protocol_info[:_TYPE_B_INFO]
    return build_atr(info + bytes((answer.mbli << 4 | low_nibble,)), protocols=_PROTOCOLS)


def pseudo_atr_of_storage_card(card: StorageCard) -> Atr:
    """Return the pseudo-ATR that names a storage card.

    Raises :class:`AtrError` when the standard is not one byte or the name not two.
    """
    if not 0 <= card.standard <= 0xFF or not 0 <= card.name <= 0xFFFF:
        raise AtrError(
            f"storage card {card.standard}, {card.name}: the standard is one byte, the name two",
            f"存储卡 {card.standard}、{card.name} 有误:标准为一字节,名称为两字节",
        )
    value = bytes((card.standard,)) + card.name.to_bytes(2, "big")
    return build_atr(_STORAGE_HEAD + value + _STORAGE_TAIL, protocols=_PROTOCOLS)


def explain(atr: Atr) -> tuple[Text, ...]:
    """Return what a pseudo-ATR says, line by line, in both languages.

    Raises :class:`AtrError` when ``atr`` has not the form of one.
    """
    if not is_pseudo_atr(atr):
        digits = atr.hex().upper()
        raise AtrError(
            f"{digits} is no pseudo-ATR; that is 3B 8N 80 01, N bytes and the right TCK",
            f"{digits} 不是非接触卡伪 ATR;应为 3B 8N 80 01、N 个字节及正确的 TCK",
        )
    return (
        Text("made up by the reader for a contactless card (PC/SC part 3)", "读卡器为非接触卡生成(PC/SC 第 3 部分)"),
        *_explain_content(atr),
        labelled(f"TCK={atr[-1]:02X}", Text("right", "正确")),
    )


def _explain_content(atr: Atr) -> tuple[Text, ...]:
    card = StorageCard.from_atr(atr)
    if card:
        standard, name = card.standard_text, card.name_text
        return (
            Text("storage card, the RID is that of the PC/SC workgroup", "存储卡,RID 属于 PC/SC 工作组"),
            Text(f"standard {card.standard:02X}: {standard.en}", f"标准 {card.standard:02X}: {standard.zh}"),
            Text(f"card name {card.name:04X}: {name.en}", f"卡名 {card.name:04X}: {name.zh}"),
        )
    value = atr.historical_bytes
    lines = explain_historical(value)
    if len(value) != _TYPE_B_SIZE:
        return lines
    data, protocol = value[:4].hex().upper(), value[4:7].hex().upper()
    mbli = value[7] >> 4
    return (
        *lines,
        Text(
            f"if of type B: application data {data}, protocol information {protocol}, MBLI {mbli}",
            f"如为 B 型: 应用数据 {data},协议信息 {protocol},MBLI {mbli}",
        ),
    )


_UNKNOWN = Text("unknown", "未知")
_STANDARDS = {
    0x00: Text("no information", "无信息"),
    0x01: Text("ISO/IEC 14443 A, part 1", "ISO/IEC 14443 A 第 1 部分"),
    0x02: Text("ISO/IEC 14443 A, part 2", "ISO/IEC 14443 A 第 2 部分"),
    0x03: Text("ISO/IEC 14443 A, part 3", "ISO/IEC 14443 A 第 3 部分"),
    0x05: Text("ISO/IEC 14443 B, part 1", "ISO/IEC 14443 B 第 1 部分"),
    0x06: Text("ISO/IEC 14443 B, part 2", "ISO/IEC 14443 B 第 2 部分"),
    0x07: Text("ISO/IEC 14443 B, part 3", "ISO/IEC 14443 B 第 3 部分"),
    0x09: Text("ISO/IEC 15693, part 1", "ISO/IEC 15693 第 1 部分"),
    0x0A: Text("ISO/IEC 15693, part 2", "ISO/IEC 15693 第 2 部分"),
    0x0B: Text("ISO/IEC 15693, part 3", "ISO/IEC 15693 第 3 部分"),
    0x11: Text("FeliCa", "FeliCa"),
}
# Those a reader of these cards may meet; the supplement names about sixty.
_PRODUCTS = {
    0x0001: "MIFARE Classic 1K",
    0x0002: "MIFARE Classic 4K",
    0x0003: "MIFARE Ultralight",
    0x0006: "SR176",
    0x0007: "SRI X4K",
    0x0014: "ICODE SLI",
    0x0026: "MIFARE Mini",
    0x003B: "FeliCa",
}
