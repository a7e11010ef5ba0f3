"""DF05, life and health: tags only are known (facts hrss-card 2.8)."""

from __future__ import annotations

from cardsim.zones.access import NEVER, Key
from cardsim.zones.hrss_areas.notation import PIN, SINCE_2, aid, unknown
from cardsim.zones.model import Df, VariableTlv

_EF05 = VariableTlv(
    fid=0xEF05,
    name="Health",
    name_zh="卫生信息",
    read=PIN | Key("RK"),
    update=NEVER,
    source="hrss-card 2.8, 6",
    records=(*map(unknown, (0xA0, 0xA1, 0xB9, 0xA2, 0xA9)), unknown(0xA3, count=3), unknown(0xBA)),
)

DF05 = Df(
    fid=0xDF05,
    aid=aid(0x05),
    label="生命与健康",
    name="Life and health",
    name_zh="生命与健康(卫生)",
    files=(_EF05,),
    layouts=SINCE_2,
    source="hrss-card 1",
)
