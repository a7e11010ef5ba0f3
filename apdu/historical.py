"""Historical bytes of an ATR or ATS: category indicator and COMPACT-TLV (ISO/IEC 7816-4:2013, 12.1.1)."""

from __future__ import annotations

from typing import NamedTuple

from apdu.hexes import format_hex
from apdu.lines import RESERVED, flags, joined, labelled
from apdu.status import StatusWord
from apdu.text import Text

_STATUS_INDICATOR = 8
_DIR_REFERENCE = 0x10


class CompactTlv(NamedTuple):
    """One COMPACT-TLV object: ``tag`` is the nibble 1 to F (interindustry tag 4x), ``value`` 0 to 15 bytes."""

    tag: int
    value: bytes


def compact_objects(historical: bytes) -> tuple[CompactTlv, ...] | None:
    """Return the COMPACT-TLV objects, or ``None`` when the historical bytes are not coded that way.

    Category 00 ends in a three-byte status indicator, returned as a last object with tag 8; in category 80 the card
    may have put it there itself; category 10 has a DIR reference before the objects. Social-security cards begin
    with 00 and follow their own layout (facts hrss-card 7), so only objects that the standard defines, at the lengths
    it gives, count: a chance reading would mislead.
    """
    match historical[:1]:
        case b"\x00" if len(historical) >= 4:
            objects = _objects(historical[1:-3])
            if objects is None or any(item.tag == _STATUS_INDICATOR for item in objects):
                return None
            return (*objects, CompactTlv(_STATUS_INDICATOR, historical[-3:]))
        case b"\x10" if len(historical) >= 2:
            return _objects(historical[2:])
        case b"\x80":
            return _objects(historical[1:])
        case _:
            return None


def _objects(data: bytes) -> tuple[CompactTlv, ...] | None:
    found: list[CompactTlv] = []
    offset = 0
    while offset < len(data):
        tag, size = data[offset] >> 4, data[offset] & 0xF
        value = data[offset + 1 : offset + 1 + size]
        offset += 1 + size
        if tag not in _NAMES or len(value) < size or size not in _SIZES.get(tag, range(16)):
            return None
        if tag == _STATUS_INDICATOR and offset < len(data):
            return None
        found.append(CompactTlv(tag, value))
    return tuple(found)


def explain_historical(historical: bytes) -> tuple[Text, ...]:
    """Return one line for the bytes as they are, then one per COMPACT-TLV object if they are coded so."""
    if not historical:
        return (Text("no historical bytes", "无历史字节"),)
    category = historical[0]
    digits = format_hex(historical, " ")
    lines = [Text(f"historical bytes: {digits}", f"历史字节: {digits}")]
    objects = compact_objects(historical)
    if objects is None:
        name = Text("not COMPACT-TLV, the issuer's own format", "不是 COMPACT-TLV,为发行方自定义格式")
    else:
        name = Text("COMPACT-TLV objects", "COMPACT-TLV 数据对象")
    lines.append(Text(f"category indicator {category:02X}: {name.en}", f"类别指示符 {category:02X}: {name.zh}"))
    if objects is not None and category == _DIR_REFERENCE:
        lines.append(Text(f"DIR data reference {historical[1]:02X}", f"DIR 数据引用 {historical[1]:02X}"))
    lines.extend(_explain_object(item) for item in objects or ())
    return tuple(lines)


def _explain_object(item: CompactTlv) -> Text:
    name = _NAMES[item.tag]
    head = labelled(f"4{item.tag:X}", name)
    digits = format_hex(item.value)
    line = Text(f"{head.en} {digits}", f"{head.zh} {digits}")
    match item.tag:
        case 3:
            details = _service_data(item.value[0])
        case 7:
            details = _capabilities(item.value)
        case 8:
            details = _status(item.value)
        case _:
            return line
    return joined((line, details), " - ")


def _service_data(value: int) -> Text:
    access = _DIR_ACCESS.get(value >> 1 & 7, RESERVED)
    master = Text("without MF", "无 MF") if value & 1 else Text("with MF", "有 MF")
    return joined((*flags(value, _SERVICES), access, master))


def _capabilities(value: bytes) -> Text:
    parts = [*flags(value[0], _SELECTION)]
    if len(value) > 1:
        unit = 1 << (value[1] & 0xF)
        parts.append(_WRITE_BEHAVIOUR[value[1] >> 5 & 3])
        parts.append(Text(f"data unit {unit} quartets", f"数据单元 {unit} 个半字节"))
    if len(value) > 2:
        channels = (value[2] & 7) + 1
        parts.extend(flags(value[2], _TRANSPORT))
        parts.append(Text(f"logical channels: {channels}", f"逻辑信道数: {channels}"))
    return joined(parts)


def _status(value: bytes) -> Text:
    parts: list[Text] = []
    if len(value) != 2:
        parts.append(labelled(f"LCS {value[0]:02X}", _life_cycle(value[0])))
    if len(value) >= 2:
        word = StatusWord.from_bytes(value[-2:], "big")
        parts.append(labelled(f"SW {word}", word.meaning))
    return joined(parts)


def _life_cycle(state: int) -> Text:
    if state >> 4:
        return Text("proprietary life cycle state", "自定义生命周期状态")
    if state >> 2 == 3:
        return Text("terminated", "终止")
    return _LIFE_CYCLE.get(state, RESERVED)


_NAMES = {
    1: Text("country code and national data", "国家代码及国内数据"),
    2: Text("issuer identification number", "发卡方标识号"),
    3: Text("card service data", "卡服务数据"),
    4: Text("initial access data", "初始访问数据"),
    5: Text("card issuer's data", "发卡方数据"),
    6: Text("pre-issuing data", "预发行数据"),
    7: Text("card capabilities", "卡能力"),
    _STATUS_INDICATOR: Text("status indicator", "状态指示符"),
    15: Text("application identifier", "应用标识符"),
}
# The lengths the standard gives; objects that are not here may have any.
_SIZES = {1: range(2, 16), 3: range(1, 2), 7: range(1, 4), _STATUS_INDICATOR: range(1, 4), 15: range(5, 16)}
_SERVICES = {
    0x80: Text("application selection by full DF name", "支持完整 DF 名选择应用"),
    0x40: Text("application selection by partial DF name", "支持部分 DF 名选择应用"),
    0x20: Text("data objects in EF.DIR", "EF.DIR 中有数据对象"),
    0x10: Text("data objects in EF.ATR", "EF.ATR 中有数据对象"),
}
_DIR_ACCESS = {
    0: Text("EF.DIR and EF.ATR by READ RECORD", "用 READ RECORD 读 EF.DIR 和 EF.ATR"),
    2: Text("EF.DIR and EF.ATR by GET DATA", "用 GET DATA 读 EF.DIR 和 EF.ATR"),
    4: Text("EF.DIR and EF.ATR by READ BINARY", "用 READ BINARY 读 EF.DIR 和 EF.ATR"),
}
_SELECTION = {
    0x80: Text("DF by full name", "按完整名选择 DF"),
    0x40: Text("DF by partial name", "按部分名选择 DF"),
    0x20: Text("DF by path", "按路径选择 DF"),
    0x10: Text("DF by file identifier", "按文件标识符选择 DF"),
    0x08: Text("DF implicitly", "隐式选择 DF"),
    0x04: Text("short EF identifiers", "支持短文件标识符"),
    0x02: Text("record numbers", "支持记录号"),
    0x01: Text("record identifiers", "支持记录标识符"),
}
_WRITE_BEHAVIOUR = (
    Text("one-time write", "一次性写"),
    Text("proprietary write", "自定义写"),
    Text("write OR", "按位或写"),
    Text("write AND", "按位与写"),
)
_TRANSPORT = {
    0x80: Text("command chaining", "支持命令链"),
    0x40: Text("extended Lc and Le", "支持扩展 Lc 和 Le"),
    0x20: Text("extended length information in EF.ATR", "EF.ATR 中有扩展长度信息"),
    0x10: Text("channel numbers by the card", "由卡分配信道号"),
    0x08: Text("channel numbers by the reader", "由终端分配信道号"),
}
_LIFE_CYCLE = {
    0: Text("no information", "无信息"),
    1: Text("creation", "创建"),
    3: Text("initialisation", "初始化"),
    4: Text("deactivated", "停用"),
    5: Text("activated", "启用"),
    6: Text("deactivated", "停用"),
    7: Text("activated", "启用"),
}
