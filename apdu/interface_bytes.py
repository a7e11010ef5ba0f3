"""The interface bytes of an ATR and what each says (ISO/IEC 7816-3:2006, 8.2, 8.3, 10 and 11)."""

from __future__ import annotations

from typing import NamedTuple

from apdu.lines import RESERVED, flags, joined
from apdu.text import Text

NAMES = ("TA", "TB", "TC", "TD")
GLOBAL_BYTES = 15  # "T=15" in a TDi is no protocol: it says that global interface bytes follow


class InterfaceByte(NamedTuple):
    """One interface byte: TA1 is group 1, name ``TA``."""

    group: int
    name: str
    value: int

    @property
    def label(self) -> str:
        """The standard's name: ``TA1``."""
        return f"{self.name}{self.group}"

    def meaning(self, protocol: int) -> Text:
        """Return what the byte says; ``protocol`` is the T that the TDi before its group names."""
        if self.name == "TD":
            return joined((_protocol(self.value & 0xF), announced(self.value, self.group + 1)))
        scope = self.group if self.group < 3 else f"T={protocol}"
        explain = _MEANING.get((scope, self.name))
        return explain(self.value) if explain else Text("no meaning known", "含义未知")


def names_announced(value: int) -> tuple[str, ...]:
    """Return the names of the bytes that the upper half of T0 or TDi announces."""
    return tuple(name for bit, name in enumerate(NAMES, start=4) if value >> bit & 1)


def announced(value: int, group: int) -> Text:
    """Say which bytes of ``group`` the T0 or TDi ``value`` announces."""
    labels = " ".join(f"{name}{group}" for name in names_announced(value))
    if not labels:
        return Text("no interface bytes follow", "无后续接口字节")
    return Text(f"followed by {labels}", f"后续 {labels}")


def _protocol(t: int) -> Text:
    if t == GLOBAL_BYTES:
        return Text("T=15, global bytes", "T=15,全局接口字节")
    return Text(f"protocol T={t}", f"协议 T={t}")


def _bit_rate(value: int) -> Text:
    fi, fmax = _FI.get(value >> 4, (None, 0.0))
    di = _DI.get(value & 0xF)
    if fi is None or di is None:
        return RESERVED
    rate = int(fmax * 1_000_000 * di / fi)
    return Text(
        f"Fi={fi}, Di={di}: {fi / di:g} clock cycles per bit, {rate} bit/s at the highest clock, {fmax:g} MHz",
        f"Fi={fi}, Di={di}: 每位 {fi / di:g} 个时钟周期,最高时钟 {fmax:g} MHz 时 {rate} bit/s",
    )


def _programming_voltage(value: int) -> Text:
    volts = value & 0x1F
    if not volts:
        return Text("VPP not connected", "VPP 未连接")
    return Text(f"programming voltage {volts} V (withdrawn, ignored)", f"编程电压 {volts} V(已废止,忽略)")


def _programming_voltage_fine(value: int) -> Text:
    volts = f"{value / 10:g}"
    return Text(f"programming voltage {volts} V (withdrawn, ignored)", f"编程电压 {volts} V(已废止,忽略)")


def _guard_time(value: int) -> Text:
    if value == 0xFF:
        return Text(
            "guard time: the least, 12 etu under T=0, 11 under T=1", "保护时间: 最小值,T=0 为 12 etu,T=1 为 11 etu"
        )
    return Text(f"guard time: 12 etu and {value} extra", f"保护时间: 12 etu,另加 {value} etu")


def _specific_mode(value: int) -> Text:
    changes = Text("cannot change mode", "不能改变模式") if value & 0x80 else Text("can change mode", "可以改变模式")
    rates = Text("own Fi and Di", "自定 Fi 和 Di") if value & 0x10 else Text("Fi and Di of TA1", "Fi 和 Di 同 TA1")
    t = value & 0xF
    return joined((Text(f"specific mode, T={t}", f"专用模式,T={t}"), rates, changes))


def _work_waiting(value: int) -> Text:
    if not value:
        return RESERVED
    return Text(
        f"WI={value}: work waiting time {value} x 960 x Fi = {value * 960} x Fi clock cycles",
        f"WI={value}: 工作等待时间 {value} x 960 x Fi = {value * 960} x Fi 个时钟周期",
    )


def _ifsc(value: int) -> Text:
    if value in (0, 0xFF):
        return RESERVED
    return Text(
        f"IFSC={value}: blocks of up to {value} bytes to the card", f"IFSC={value}: 卡接收的块最多 {value} 字节"
    )


def _waiting_times(value: int) -> Text:
    bwi, cwi = value >> 4, value & 0xF
    character = Text(
        f"CWI={cwi}: {11 + (1 << cwi)} etu between characters", f"CWI={cwi}: 字符间最多 {11 + (1 << cwi)} etu"
    )
    if bwi > 9:
        return joined((Text(f"BWI={bwi}: {RESERVED.en}", f"BWI={bwi}: {RESERVED.zh}"), character))
    cycles = (1 << bwi) * 960 * 372
    block = Text(
        f"BWI={bwi}: 11 etu and {cycles} clock cycles to the answer",
        f"BWI={bwi}: 应答最多等待 11 etu 加 {cycles} 个时钟周期",
    )
    return joined((block, character))


def _error_detection(value: int) -> Text:
    match value:
        case 0:
            return Text("blocks end in LRC", "块以 LRC 结尾")
        case 1:
            return Text("blocks end in CRC", "块以 CRC 结尾")
        case _:
            return RESERVED


def _clock_stop_and_classes(value: int) -> Text:
    classes = joined(flags(value, _CLASSES), ", ") if value & 0x3F else RESERVED
    stop = _CLOCK_STOP[value >> 6]
    return Text(f"clock stop: {stop.en}; supply: {classes.en}", f"时钟停止: {stop.zh}; 电源类别: {classes.zh}")


def _spu(value: int) -> Text:
    if not value:
        return Text("contact C6 not used", "不使用触点 C6")
    if value & 0x80:
        return Text("contact C6: proprietary use", "触点 C6: 自定义用途")
    return Text("contact C6: standard use", "触点 C6: 标准用途")


# Fi and the highest clock in MHz, Di; values that are not here are reserved (ISO/IEC 7816-3:2006, tables 7 and 8).
_FI = {
    0: (372, 4.0),
    1: (372, 5.0),
    2: (558, 6.0),
    3: (744, 8.0),
    4: (1116, 12.0),
    5: (1488, 16.0),
    6: (1860, 20.0),
    9: (512, 5.0),
    10: (768, 7.5),
    11: (1024, 10.0),
    12: (1536, 15.0),
    13: (2048, 20.0),
}
_DI = {1: 1, 2: 2, 3: 4, 4: 8, 5: 16, 6: 32, 7: 64, 8: 12, 9: 20}
_CLOCK_STOP = (
    Text("not supported", "不支持"),
    Text("in state L", "低电平"),
    Text("in state H", "高电平"),
    Text("in any state", "高低均可"),
)
_CLASSES = {
    0x01: Text("A (5 V)", "A (5 V)"),
    0x02: Text("B (3 V)", "B (3 V)"),
    0x04: Text("C (1.8 V)", "C (1.8 V)"),
    0x38: RESERVED,
}
# Groups 1 and 2 by number, all later ones by the protocol they belong to.
_MEANING = {
    (1, "TA"): _bit_rate,
    (1, "TB"): _programming_voltage,
    (1, "TC"): _guard_time,
    (2, "TA"): _specific_mode,
    (2, "TB"): _programming_voltage_fine,
    (2, "TC"): _work_waiting,
    ("T=1", "TA"): _ifsc,
    ("T=1", "TB"): _waiting_times,
    ("T=1", "TC"): _error_detection,
    ("T=15", "TA"): _clock_stop_and_classes,
    ("T=15", "TB"): _spu,
}
