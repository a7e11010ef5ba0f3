"""The PSAM, the security module of a terminal: its files, and where it keeps which root key.

Source: facts hrss-card 4.1, 4.3, 8; terminal-interface 4.4. INFERRED, since no source says it:

* The terminal's device number is the PSAM's serial number in EF0015: both have 10 bytes, 20 digits.
* SM4 keys stand in a directory of their own, DF02 beside DF01, with the same key ids (setting psam_sm4_name).
* The debit key DPK has the id 01, which EF001C names, and usage 42: two levels, consume.
* EF0019 has the number that the next transaction gets. Published purchases begin at 00000000 (transit 3.6).
* Files are written with a MAC of the line: the terminal number under the maintenance key MK of the PSAM, the debit key
  index under AMK, that of its directory; both keys are the PSAM's own, diversified by its serial number.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, unique
from typing import Final

from apdu import Interface
from cardsim.zones.access import NEVER
from cardsim.zones.factors import key_name
from cardsim.zones.hrss import HRSS
from cardsim.zones.layouts import Layout
from cardsim.zones.model import CommandSet, Df, KeyAlgorithm, KeyDeclaration, Transparent

_LEVEL_SHIFT: Final = 5
_PURPOSE_MASK: Final = 0x1F


@unique
class Purpose(IntEnum):
    """What a PSAM's key is for: bits 5-1 of its usage byte."""

    MASTER = 0
    MAINTENANCE = 1
    CONSUME = 2
    PIN_UNBLOCK = 3
    PIN_RELOAD = 4
    APPLICATION_MAINTENANCE = 5
    MAC = 6
    ENCRYPTION = 7
    MAC_AND_ENCRYPTION = 8

    @property
    def enciphers(self) -> bool:
        """Whether 80 FA 00 works with it."""
        return self in (Purpose.ENCRYPTION, Purpose.MAC_AND_ENCRYPTION)

    @property
    def makes_macs(self) -> bool:
        """Whether 80 FA 05 works with it."""
        return self in (Purpose.MAC, Purpose.MAC_AND_ENCRYPTION)


class Usage(int):
    """The usage byte of a key: bits 8-6 how often it is still diversified, bits 5-1 its :class:`Purpose`."""

    __slots__ = ()

    @property
    def levels(self) -> int:
        """Diversifications between this key and a card's."""
        return self >> _LEVEL_SHIFT

    @property
    def purpose(self) -> Purpose | None:
        """What the key is for; ``None`` for a number that no source has."""
        try:
            return Purpose(self & _PURPOSE_MASK)
        except ValueError:
            return None

    def at(self, levels: int) -> Usage:
        """Return the usage of the same key in a PSAM that has it ``levels`` above the card's."""
        return Usage(levels << _LEVEL_SHIFT | self & _PURPOSE_MASK)


@dataclass(frozen=True, slots=True)
class PsamKey:
    """A key as a PSAM of the highest level has it: its name in the zone's tree, usage and id."""

    name: str
    name_zh: str
    usage: Usage
    key_id: int


_ZONE_KEYS: Final = tuple(
    PsamKey(key_name(df, key).name, key.name_zh, Usage(key.psam[0]), key.psam[1])
    for df in HRSS.application.walk()
    for key in df.keys
    if key.psam
)
DEBIT_KEY: Final = PsamKey("HRSS/DF04/DPK", "医疗消费密钥", Usage(0x42), 0x01)
PSAM_KEYS: Final = {key.name: key for key in (*_ZONE_KEYS, DEBIT_KEY)}
"""The HRSS zone's keys that a PSAM can have, by name. LK, BK, RK0C and the UK of DF02/EF05 have no id in any source."""

RK_SSSE: Final = "HRSS/SSSE/RK"
"""The key without which a terminal reads little of a card with layout 3.00 (terminal-interface 1.3)."""
MAINTENANCE_KEY: Final = "HRSS/PSAM/MK"
APPLICATION_MAINTENANCE_KEY: Final = "HRSS/PSAM/AMK"


def _transparent(fid: int, size: int, name: str, name_zh: str, source: str) -> Transparent:
    sizes = dict.fromkeys(Layout, size)
    return Transparent(fid=fid, name=name, name_zh=name_zh, sizes=sizes, update=NEVER, source=source)


SERIAL_SIZE: Final = 10
TERMINAL_NUMBER_SIZE: Final = 6
PUBLIC_DATA: Final = _transparent(0x0015, 14, "PSAM public data", "PSAM 公共信息", "hrss-card 4.3: 14 or 15 bytes")
TERMINAL_NUMBER: Final = _transparent(
    0x0016, TERMINAL_NUMBER_SIZE, "Terminal number", "终端机编号", "hrss-card 4.3, 8; terminal-interface 4.4"
)
COUNTER: Final = _transparent(0x0019, 4, "Terminal transaction counter", "终端交易序号", "hrss-card 4.3, 8")
KEY_INDEX: Final = _transparent(0x001C, 1, "Debit key index", "消费密钥索引", "hrss-card 4.3, 8")


def _directory(fid: int, aid: str, name: str, name_zh: str, source: str) -> Df:
    return Df(
        fid=fid,
        aid=bytes.fromhex(aid),
        label="PSAM",
        name=name,
        name_zh=name_zh,
        files=(COUNTER, KEY_INDEX),
        keys=tuple(
            KeyDeclaration(
                name=key.name.partition("/")[2],
                reference=key.key_id,
                name_zh=key.name_zh,
                levels=key.usage.levels,
                psam=(key.usage, key.key_id),
                source="hrss-card 4.1",
            )
            for key in PSAM_KEYS.values()
        ),
        commands=CommandSet.PSAM,
        interfaces=(Interface.CONTACT,),
        source=source,
    )


PSAM_DIRECTORIES: Final = {
    KeyAlgorithm.DES: _directory(0xDF01, "D15600000590", "PSAM keys", "PSAM 密钥", "hrss-card 4.3"),
    KeyAlgorithm.SM4: _directory(0xDF02, "D15600000591", "PSAM keys, SM4", "PSAM 国密密钥", "inferred"),
}
"""Where the keys of an algorithm are."""
