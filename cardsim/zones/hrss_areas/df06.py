"""DF06, social assistance: tags only are known (facts hrss-card 2.8).

The sheet marks C3, C4 and C5 "(n)"; should that mean several records each, their number is unknown, so it is one here.
"""

from __future__ import annotations

from typing import Final

from cardsim.zones.access import NEVER, Key
from cardsim.zones.hrss_areas.notation import PIN, SINCE_2, aid, unknown
from cardsim.zones.model import Df, VariableTlv

_SOURCE: Final = "hrss-card 2.8, 6"
_READ: Final = PIN | Key("RK")

_EF05 = VariableTlv(
    fid=0xEF05,
    name="Social assistance 1",
    name_zh="社会救助 1",
    read=_READ,
    update=NEVER,
    source=_SOURCE,
    records=tuple(map(unknown, (0xC0, 0xC2, 0xC3, 0xC4, 0xC5))),
)

_EF06 = VariableTlv(
    fid=0xEF06,
    name="Social assistance 2",
    name_zh="社会救助 2",
    read=_READ,
    update=NEVER,
    source=_SOURCE,
    records=tuple(map(unknown, (0xC6, *range(0xC8, 0xE3)))),
)

DF06 = Df(
    fid=0xDF06,
    aid=aid(0x06),
    label="社会救助",
    name="Social assistance",
    name_zh="社会救助(民政)",
    files=(_EF05, _EF06),
    layouts=SINCE_2,
    source="hrss-card 1",
)
