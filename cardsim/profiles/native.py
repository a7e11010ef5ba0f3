"""The native card operating system of a chip that is made blank: its dialect, and what the manuals disagree about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, unique

from cardsim.profiles.choices import ChallengeLifetime
from cardsim.profiles.settings import setting
from cardsim.zones.model import KeyAlgorithm


@unique
class NativeDialect(Enum):
    """Whose shapes CREATE FILE and WRITE KEY have (cardsim.chip.native)."""

    FMCOS = "fmcos"
    """Fudan."""
    TIMECOS = "timecos"
    """Watchdata: FMCOS, and WRITE KEY with the new value alone."""
    HUADA = "huada"
    """Huada, as far as one published personalisation shows it."""
    EXTENDED = "extended"
    """FMCOS, and files and keys as the zones of this program have them."""


@unique
class MfRight(Enum):
    """The right bytes that look at the MF's register."""

    ZERO_Y = "0Y"
    """0Y: its state is Y or more."""
    F_Y = "FY"
    """FY: its state is Y or more."""


@unique
class MacOnlyMark(Enum):
    """The bit of a key's type that asks for a MAC alone when it is changed."""

    BIT_7 = "bit 7"
    """3A becomes 7A."""
    BIT_8 = "bit 8"
    """3A becomes BA."""


@unique
class KeyAdding(Enum):
    """The protected form in which WRITE KEY adds a key; in clear it always may."""

    CIPHER = "cipher"
    """Enciphered and with a MAC."""
    MAC = "mac"
    """In clear with a MAC."""


@unique
class CyclicAppend(Enum):
    """The P1 and mode of UPDATE RECORD that write a new record of a cyclic file."""

    TEXT = "text"
    """P1 00, mode 3."""
    EXAMPLE = "example"
    """P1 01, mode 2."""
    BOTH = "both"


@unique
class UnblockReference(Enum):
    """Where PIN UNBLOCK (84 24) names the PIN."""

    P1 = "P1"
    """P1 the PIN, P2 00."""
    P2 = "P2"
    """P1 00, P2 the PIN."""
    NONE = "none"
    """P1 and P2 00: there is one PIN."""


@unique
class MissingMac(Enum):
    """The status word for a file that is written or read without the MAC it asks for."""

    OBJECT_MISSING = "6987"
    CLASS = "6900"


@dataclass(frozen=True, kw_only=True)
class NativeSettings:
    """The native card operating system, of a blank chip and of the directories that it makes."""

    blank: bool = setting(
        False,
        "made blank: erased memory is a card without an MF, files come by native commands",
        "空白卡:存储器擦除时没有 MF,文件由原生命令创建",
        "native-card-os 1.3, 4.2",
    )
    native_dialect: NativeDialect = setting(
        NativeDialect.FMCOS, "dialect of the native commands", "原生命令的方言", "native-card-os 1, 15.1"
    )
    native_transport_key: bytes = setting(
        b"\xff" * 8,
        "transport code of a blank card, which CREATE of the MF shows",
        "空白卡的传输代码(创建 MF 时出示)",
        "native-card-os 1.2, 15.9",
        sizes=(8,),
    )
    native_mf_right: MfRight = setting(
        MfRight.ZERO_Y,
        "right bytes that look at the MF's register",
        "针对 MF 安全状态的权限字节",
        "native-card-os 13.1",
    )
    native_mf_keeps_state: bool = setting(
        True,
        "returning to the MF finds the state it had; false: 0",
        "返回 MF 时恢复其安全状态;false 则为 0",
        "native-card-os 13.13",
    )
    native_mac_mark: MacOnlyMark = setting(
        MacOnlyMark.BIT_7,
        "bit of a key's type that asks for a MAC alone",
        "密钥类型中表示仅需 MAC 的位",
        "native-card-os 13.2",
    )
    native_key_adding: KeyAdding = setting(
        KeyAdding.CIPHER, "protected form of adding a key", "以线路保护方式增加密钥的形式", "native-card-os 13.3"
    )
    native_modify_counter: bool = setting(
        False,
        "WRITE KEY on a key that is there sets its tries as sent",
        "修改密钥时同时设置错误计数器",
        "native-card-os 13.4: the text; an example does",
    )
    native_cyclic_append: CyclicAppend = setting(
        CyclicAppend.BOTH,
        "UPDATE RECORD forms that append to a cyclic file",
        "UPDATE RECORD 追加循环记录的形式",
        "native-card-os 13.6",
    )
    native_unblock_reference: UnblockReference = setting(
        UnblockReference.P1, "where PIN UNBLOCK names the PIN", "PIN 解锁命令中 PIN 标识的位置", "native-card-os 13.7"
    )
    native_shortest_name: int = setting(
        5, "shortest name of a directory", "目录名的最小长度", "native-card-os 13.8: 5; the prose 2", low=1, high=16
    )
    native_line_keys: int = setting(
        255,
        "line protection keys (type 36) in one directory",
        "一个目录中线路保护密钥(36)的数目",
        "native-card-os 13.10: real cards have five; a manual says one",
        low=1,
        high=255,
    )
    native_any_key_id: bool = setting(
        False,
        "a key reference that is not there means the only key of its type",
        "引用的密钥标识不存在时使用该类型的唯一密钥",
        "native-card-os 13.12: one tool addresses slot 9",
    )
    native_record_overhead: int = setting(
        0,
        "bytes that a fixed or cyclic file takes beside its records",
        "定长与循环文件除记录外占用的字节数",
        "native-card-os 13.14: 0; FM-Z 8",
        high=255,
    )
    native_missing_mac: MissingMac = setting(
        MissingMac.OBJECT_MISSING,
        "status word when a MAC is missing",
        "缺少 MAC 时的状态字",
        "native-card-os 5.1: 6987; 6900",
    )
    native_locking_files: tuple[int, ...] = setting(
        (0x0015, 0x0016),
        "files that lock their application for ever (9303) when a wrong MAC takes their line key's last try",
        "写入时线路保护 MAC 错误耗尽密钥次数则永久锁定应用(9303)的文件",
        "native-card-os 4: FM-G, three failures; that the key's counter counts them is inferred",
        low=1,
        high=0xFFFE,
    )
    native_unneeded_mac: bool = setting(
        True,
        "a MAC that the file does not ask for is checked; false: refused with 6900",
        "文件不要求 MAC 时仍予校验;false 则以 6900 拒绝",
        "native-card-os 4.2, 5.1; unknown",
    )
    native_unwritten_warning: bool = setting(
        True,
        "reading a transparent file that was never written says 6281",
        "读取从未写入的透明文件返回 6281",
        "native-card-os 4; transit 3.1",
    )
    native_sibling_select: bool = setting(
        True,
        "FIDs of sibling directories are reached from a directory that has none below it",
        "无下级目录时可按 FID 选择同级目录",
        "native-card-os 4: measured on one card",
    )
    native_full_padding: bool = setting(
        False,
        "enciphered answers are padded also where their blocks are full",
        "加密响应在分组已满时仍填充",
        "native-card-os 13.9: FM-G adds nothing",
    )
    native_challenge_lifetime: ChallengeLifetime = setting(
        ChallengeLifetime.NEXT_COMMAND,
        "how long a challenge can be used in a native directory",
        "原生目录中随机数的有效期",
        "native-card-os 4, 15.4",
    )
    native_challenge_sizes: tuple[int, ...] = setting(
        (4, 8), "lengths that GET CHALLENGE gives there", "原生目录中随机数的长度", "native-card-os 4", low=1, high=16
    )
    native_max_length: int = setting(
        239, "largest Lc and Le of native commands", "原生命令 Lc 与 Le 的上限", "native-card-os 1.1", low=32, high=255
    )
    native_algorithm: KeyAlgorithm = setting(
        KeyAlgorithm.DES,
        "algorithm of a key whose header has no byte for it",
        "密钥头中无算法标识时的算法",
        "native-card-os 14: unknown on SM cards",
    )
