"""DF07, personnel and talent: honours, experts, transferred servicemen (facts hrss-card 2.8)."""

from __future__ import annotations

from typing import Final

from cardsim.zones.access import NEVER, Key
from cardsim.zones.fields import An
from cardsim.zones.hrss_areas.keys import DF07_KEYS
from cardsim.zones.hrss_areas.notation import DATE, SINCE_2, aid, nameless
from cardsim.zones.model import Df, VariableTlv

_SOURCE: Final = "hrss-card 2.8, 6"

_EF05 = VariableTlv(
    fid=0xEF05,
    name="Honours",
    name_zh="荣誉信息",
    read=Key("RK1"),
    update=NEVER,
    source=_SOURCE,
    records=(
        nameless(0xF0, An(2)),
        nameless(0xF1, An(1)),
        nameless(0xF2, DATE),
        nameless(0xF3, An(3)),
        nameless(0xF4, DATE),
    ),
)

_EF06 = VariableTlv(
    fid=0xEF06,
    name="Experts",
    name_zh="专家信息",
    read=Key("RK2"),
    update=NEVER,
    source=_SOURCE,
    records=(nameless(0xF5, An(3)), nameless(0xF6, DATE), nameless(0xF7, An(0x46))),
)

_EF07 = VariableTlv(
    fid=0xEF07,
    name="Transferred servicemen",
    name_zh="军转信息",
    read=Key("RK3"),
    update=NEVER,
    source=_SOURCE,
    records=(nameless(0xF8, DATE), nameless(0xF9, An(1))),
)

DF07 = Df(
    fid=0xDF07,
    aid=aid(0x04),
    label="人事与人才",
    name="Personnel and talent",
    name_zh="人事与人才",
    files=(_EF05, _EF06, _EF07),
    keys=DF07_KEYS,
    layouts=SINCE_2,
    source="hrss-card 1",
)
