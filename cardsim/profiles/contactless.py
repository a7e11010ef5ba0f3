"""How the chip shows itself in a field, and what it does there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, unique

from cardsim.profiles.settings import setting

_NO_CARD_SEEN = "unknown: no type B card of this family is described"


@unique
class RadioType(Enum):
    """The signalling of ISO/IEC 14443 that a chip uses."""

    A = "A"
    B = "B"


@unique
class UidKind(Enum):
    """Where the identifier of a chip in a field (A: UID, B: PUPI) comes from."""

    FIXED = "fixed"
    """The setting uid or pupi; where that is empty, the serial in the ATR."""
    RANDOM = "random"
    """New at every activation; of type A 08 and three random bytes (ISO/IEC 14443-3, 6.5.4)."""


@unique
class NoLe(Enum):
    """What a command without Le gets that has data to answer."""

    DATA = "data"
    """The data, as if Le were 00: commands written for T=0 work."""
    STATUS = "status"
    """The status word alone (ISO/IEC 7816-4, 5.1: no Le, no data)."""


@dataclass(frozen=True, kw_only=True)
class ContactlessSettings:
    """How the chip shows itself in a field, and what it does there."""

    radio_type: RadioType = setting(
        RadioType.A,
        "signalling: type A or B of ISO/IEC 14443",
        "射频类型:ISO/IEC 14443 A 或 B 型",
        "transit-campus-health-zones 6: A for all bank and transit chips met, B for one campus card",
    )
    uid_kind: UidKind = setting(
        UidKind.FIXED,
        "whether UID or PUPI stays, or is random at every activation",
        "UID 或 PUPI 固定,或每次激活时随机",
        "transit-campus-health-zones 6: static UID",
    )
    uid: bytes = setting(
        b"",
        "UID of type A, 4, 7 or 10 bytes; empty: the 4 bytes of the serial in the ATR, b4 of the first cleared",
        "A 型 UID(4、7 或 10 字节);为空则取 ATR 中的 4 字节序列号,首字节 b4 清零",
        "unknown which chips use it; b4 clear marks a proprietary number (ISO/IEC 14443-3, 6.5.4)",
        sizes=(0, 4, 7, 10),
    )
    atqa: bytes = setting(
        bytes.fromhex("0008"),
        "ATQA, high byte first; the bits of the UID's size are set by themselves",
        "ATQA(高字节在前);UID 长度位自动设置",
        "transit-campus-health-zones 6: FM1208",
        sizes=(2,),
    )
    sak: int = setting(
        0x20,
        "SAK of the last anticollision level",
        "最后一级防冲突的 SAK",
        "transit-campus-health-zones 6: FM1208, T-Union",
        high=0xFF,
    )
    ats_fsci: int = setting(
        8, "FSCI in T0 of the ATS: 8 is 256 bytes", "ATS T0 中的 FSCI:8 表示 256 字节", "native-card-os 10", high=15
    )
    ats_ta1: bytes = setting(
        b"\x80", "TA1 of the ATS, empty for none", "ATS 的 TA1,可为空", "native-card-os 10: 106 kbit/s", sizes=(0, 1)
    )
    ats_tb1: bytes = setting(
        b"\x90", "TB1 of the ATS, empty for none", "ATS 的 TB1,可为空", "native-card-os 10: FWI 9", sizes=(0, 1)
    )
    ats_tc1: bytes = setting(
        b"\x02", "TC1 of the ATS, empty for none", "ATS 的 TC1,可为空", "native-card-os 10: CID, no NAD", sizes=(0, 1)
    )
    ats_historical_bytes: bytes = setting(
        b"",
        "historical bytes of the ATS; empty: those of the ATR",
        "ATS 的历史字节;为空则与 ATR 相同",
        "terminal-interface 9.7: the same 13 (inferred)",
        sizes=tuple(range(16)),
    )
    pupi: bytes = setting(
        b"",
        "PUPI of type B; empty: the serial in the ATR",
        "B 型 PUPI;为空则取 ATR 中的序列号",
        _NO_CARD_SEEN,
        sizes=(0, 4),
    )
    atqb_application_data: bytes = setting(
        bytes(4), "application data of the ATQB", "ATQB 的应用数据", _NO_CARD_SEEN, sizes=(4,)
    )
    atqb_protocol_info: bytes = setting(
        bytes.fromhex("008191"),
        "protocol information of the ATQB: 106 kbit/s, frames of 256 bytes, FWI 9, CID",
        "ATQB 的协议信息:106 kbit/s、帧长 256、FWI 9、支持 CID",
        _NO_CARD_SEEN + "; the same powers as the ATS",
        sizes=(3,),
    )
    attrib_mbli: int = setting(
        0, "MBLI in the answer to ATTRIB", "ATTRIB 应答中的 MBLI", "ISO/IEC 14443-3, 7.11: 0 tells nothing", high=15
    )
    contactless_no_le: NoLe = setting(
        NoLe.DATA,
        "in a field: answer to a command without Le that has data to answer",
        "非接触:无 Le 的命令有数据时的响应",
        "unknown; terminals send the same commands on both interfaces (terminal-interface 9.4)",
    )
    contact_only_zones: tuple[str, ...] = setting(
        (),
        "zones not reached in a field, by name; fixed when the card is made",
        "非接触不可访问的区域(名称);制卡时确定",
        "unknown: no source says which zones real cards hide",
        names=r"[A-Z][A-Z0-9_]{0,15}",
    )
    contactless_refused: tuple[str, ...] = setting(
        (),
        "commands refused in a field: CLA and INS, four hexadecimal digits each",
        "非接触拒绝的命令:CLA 与 INS,各为四位十六进制数字",
        "unknown: no source says which commands real cards refuse",
        names=r"[0-9A-Fa-f]{4}",
    )
    contactless_refusal: bytes = setting(
        bytes.fromhex("6985"),
        "status word of those commands",
        "上述命令的状态字",
        "unknown; ISO/IEC 7816-4, 5.6: conditions of use not satisfied",
        sizes=(2,),
    )
