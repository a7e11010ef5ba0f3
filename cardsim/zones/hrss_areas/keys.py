"""The keys of SSSE and of the directories below it (facts hrss-card 4.1), and which of them writes what.

References from 80 on are local to a directory; so are the names. RK keys and IRK are diversified three times from a
national root, UK keys, PUK and STK twice. What the sheet leaves open is INFERRED here:

* STK, LK and BK protect commands that name no key, so their numbers are on no wire: 09, 0B and 0E are free ones.
* The key that reads EF0C is known by an HSM address alone (RKMFEF0C): 0C, as the key of EF0D is 0D, and three levels as
  the other read keys.
* DF02 EF05 has no write key in the sheet: 83, the number missing in front of those of EF06-EF15.
* DF02 EF08 (layout 1.00 only): the key of EF09, its twin in form. DF01 EF16-1A: UK1, which one source uses beyond EF05.
* DF07: read keys 84, 85, 86, as DF03 and DF04 count from 84; the usage byte is that of the other read keys.
* DF05, DF06, DF07 have no known write key, so nothing updates them; DF05 and DF06 have no read key of their own, so
  that of SSSE serves them.

Not declared: the master keys, STK and LK of single directories, the purse keys of DF04 (DLK, DPK, DTK): no number of
theirs is known.
"""

from __future__ import annotations

from typing import Final

from cardsim.zones.layouts import L3
from cardsim.zones.model import Certainty, KeyDeclaration, KeyUse

_SOURCE: Final = "hrss-card 4.1"
_INFERRED_SOURCE: Final = "hrss-card 4.1 names it; reference inferred"
_NATIONAL: Final = 3
_READ, _WRITE = "读控制密钥", "更新密钥"

SSSE_KEYS: Final = (
    KeyDeclaration(
        name="IRK",
        reference=0x00,
        name_zh="内部认证密钥",
        use=KeyUse.INTERNAL,
        levels=_NATIONAL,
        psam=(0x67, 0x08),
        source=_SOURCE,
    ),
    KeyDeclaration(name="UK", reference=0x04, name_zh=_WRITE, psam=(0x48, 0x12), source=_SOURCE),
    KeyDeclaration(name="PUK", reference=0x06, name_zh="PIN 解锁密钥", psam=(0x48, 0x10), source=_SOURCE),
    KeyDeclaration(
        name="STK",
        reference=0x09,
        name_zh="安全报文密钥",
        use=KeyUse.PROTECTION,
        psam=(0x48, 0x09),
        sure=Certainty.INFERRED,
        source=_INFERRED_SOURCE,
    ),
    # The PSAM id follows the HSM address in "004C0A", as in "004F2E" (terminal-interface 2.2); the usage is an RK's.
    KeyDeclaration(name="RK", reference=0x0A, name_zh=_READ, levels=_NATIONAL, psam=(0x67, 0x0A), source=_SOURCE),
    KeyDeclaration(
        name="LK",
        reference=0x0B,
        name_zh="应用锁定密钥",
        use=KeyUse.APPLICATION_LOCK,
        sure=Certainty.INFERRED,
        source=_INFERRED_SOURCE,
    ),
    KeyDeclaration(
        name="BK",
        reference=0x0E,
        name_zh="卡片锁定密钥",
        use=KeyUse.CARD_LOCK,
        sure=Certainty.INFERRED,
        source=_INFERRED_SOURCE,
    ),
    KeyDeclaration(
        name="RK0C",
        reference=0x0C,
        name_zh="EF0C 读控制密钥",
        levels=_NATIONAL,
        layouts=L3,
        sure=Certainty.INFERRED,
        source="hrss-card 8: HSM key address RKMFEF0C_370000; reference inferred",
    ),
    KeyDeclaration(
        name="UK0D",
        reference=0x0D,
        name_zh="EF0D 更新密钥",
        psam=(0x48, 0x13),
        sure=Certainty.SEEN_ONCE,
        source=_SOURCE,
    ),
)


def _read(name: str, reference: int, psam_id: int, sure: Certainty = Certainty.AGREED) -> KeyDeclaration:
    return KeyDeclaration(
        name=name,
        reference=reference,
        name_zh=_READ,
        levels=_NATIONAL,
        psam=(0x67, psam_id),
        sure=sure,
        source=_SOURCE,
    )


def _write(name: str, reference: int, psam: tuple[int, int] | None, sure: Certainty) -> KeyDeclaration:
    return KeyDeclaration(name=name, reference=reference, name_zh=_WRITE, psam=psam, sure=sure, source=_SOURCE)


_AGREED, _ONCE, _INFERRED = Certainty.AGREED, Certainty.SEEN_ONCE, Certainty.INFERRED

DF01_KEYS: Final = (
    _read("RK1", 0x88, 0x2E),
    _write("UK1", 0x83, (0x48, 0x42), _AGREED),  # EF05
    _write("UK2", 0x84, (0x48, 0x43), _AGREED),  # EF07, EF09
    _write("UK3", 0x85, (0x47, 0x24), _AGREED),  # EF08
    _write("UK4", 0x86, (0x47, 0x25), _AGREED),  # EF06
    # PSAM id 44 or 42: one source each.
    _write("UK5", 0x87, (0x48, 0x44), _ONCE),  # EF0A
    _write("UK6", 0x89, (0x47, 0x2F), _ONCE),  # EF15
)
DF02_KEYS: Final = (
    _read("RK1", 0x88, 0x35),
    _write("UK1", 0x83, None, _INFERRED),  # EF05
    _write("UK2", 0x84, (0x48, 0x45), _ONCE),  # EF06
    _write("UK3", 0x85, (0x48, 0x46), _ONCE),  # EF07
    _write("UK4", 0x86, (0x47, 0x27), _ONCE),  # EF09
    _write("UK5", 0x87, (0x47, 0x28), _ONCE),  # EF15
    _write("UK6", 0x89, (0x47, 0x36), _ONCE),  # EF16
)
DF03_KEYS: Final = (
    _read("RK1", 0x84, 0x2B),
    _read("RK2", 0x85, 0x2C),  # EF05
    _write("UK1", 0x86, (0x48, 0x47), _ONCE),  # EF05
    _write("UK2", 0x87, (0x47, 0x29), _ONCE),  # EF06
    _write("UK3", 0x88, (0x48, 0x48), _ONCE),  # EF07
    _write("UK4", 0x89, (0x47, 0x37), _ONCE),  # EF15
    _write("UK5", 0x8A, (0x47, 0x38), _ONCE),  # EF16
    _write("UK6", 0x8B, (0x47, 0x39), _ONCE),  # EF17
    _write("UK7", 0x8C, (0x47, 0x3A), _ONCE),  # EF18
    _write("UK8", 0x8D, (0x47, 0x3B), _ONCE),  # EF19
)
DF04_KEYS: Final = (
    _read("RK1", 0x84, 0x2D),
    _write("UK1", 0x85, (0x48, 0x49), _ONCE),  # EF05
    _write("UK2", 0x86, (0x47, 0x2A), _ONCE),  # EF06, EF15
)
DF07_KEYS: Final = (
    _read("RK1", 0x84, 0x3D, _INFERRED),  # EF05
    _read("RK2", 0x85, 0x3F, _INFERRED),  # EF06
    _read("RK3", 0x86, 0xB1, _INFERRED),  # EF07
)
