"""The chip itself: name, memory, ATR."""

from __future__ import annotations

from dataclasses import dataclass

from cardsim.profiles.choices import Interfaces
from cardsim.profiles.settings import setting


@dataclass(frozen=True, kw_only=True)
class ChipSettings:
    """The chip itself: name, memory, ATR."""

    chip: str = setting(
        "gen2", "name of the profile, up to 16 characters", "配置名称,至多 16 字符", "design page", high=16
    )
    memory_size: int = setting(
        32_768,
        "bytes of memory, headers included",
        "存储器字节数(含文件头)",
        "handbook Q10: 32 K",
        low=2_048,
        high=262_144,
    )
    zones: tuple[str, ...] = setting(
        ("HRSS",),
        "zones on the card, by name",
        "卡上的区域(名称)",
        "handbook Q10",
        names=r"[A-Z][A-Z0-9_]{0,15}",
    )
    interfaces: Interfaces = setting(
        Interfaces.CONTACT, "interfaces that the chip has", "芯片具有的界面", "handbook Q10"
    )
    historical_bytes: bytes = setting(
        b"",
        "the 13 historical bytes of the ATR; empty: 00, chip_code, manufacturer, city, serial of the card",
        "ATR 的 13 字节历史字节;为空则由 00、chip_code、manufacturer、城市代码、卡序列号组成",
        "hrss-card 7",
        sizes=(0, 13),
    )
    chip_code: bytes = setting(
        bytes.fromhex("81544C92"),
        "chip and COS code in the ATR",
        "ATR 中的芯片与 COS 代码",
        "hrss-card 7, a v2.00 row",
        sizes=(4,),
    )
    manufacturer: bytes = setting(
        bytes.fromhex("8684"),
        "manufacturer code in the ATR",
        "ATR 中的厂商代码",
        "hrss-card 7, a v2.00 row",
        sizes=(2,),
    )
    mf_name: bytes = setting(
        b"1PAY.SYS.DDF01",
        "name of the MF (hexadecimal), empty for none",
        "MF 的名称(十六进制),可为空",
        "hrss-card 9 G3",
        sizes=(0, *range(5, 17)),
    )
