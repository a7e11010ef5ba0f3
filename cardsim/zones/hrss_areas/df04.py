"""DF04, social insurance 2: medical insurance and its offline settlement (facts hrss-card 2.7)."""

from __future__ import annotations

from typing import Final

from cardsim.zones.access import NEVER, Key
from cardsim.zones.fields import An, Bcd, Number, Octets, Part, Sequence
from cardsim.zones.hrss_areas.keys import DF04_KEYS
from cardsim.zones.hrss_areas.notation import AGREED, AMOUNT, DATE, INFERRED, PIN, REGION, SINCE_2, aid, nameless, only
from cardsim.zones.layouts import L1, L2, L3
from cardsim.zones.model import Certainty, Cyclic, Df, Element, VariableTlv

_SOURCE: Final = "hrss-card 2.7, 6"
_READ: Final = PIN | Key("RK1")


def _institution(tag: int, number: int) -> Element:
    return Element(tag, An(9), f"designated_institution_{number}", f"定点机构代码 {number}", sure=INFERRED)


_EF05 = VariableTlv(
    fid=0xEF05,
    name="Medical insurance",
    name_zh="医疗保险",
    read=_READ,
    update=Key("UK1"),
    source=_SOURCE,
    records=(
        *only(
            L1,
            nameless(0x80, DATE),
            nameless(0x81, An(0x3E)),
            nameless(0x82, An(8)),
            _institution(0x83, 1),
            nameless(0x84, An(0x3E)),
            nameless(0x85, An(8)),
            _institution(0x86, 2),
            nameless(0x87, An(0x3E)),
            nameless(0x88, An(8)),
            _institution(0x89, 3),
            nameless(0x8A, An(0x0F)),
            nameless(0x8B, An(0x0A)),
            nameless(0x8C, An(1)),
            nameless(0x8F, An(1)),
        ),
        *only(
            SINCE_2,
            nameless(0x81, An(8)),
            Element(0x84, REGION, "medical_region", "参保地行政区划代码", sure=AGREED),
            nameless(0x87, An(0x11)),
            nameless(0x8C, Bcd(1)),
            nameless(0x80, DATE),
            nameless(0x8B, An(0x1D)),
            nameless(0x8A, An(0x0F)),
            *(
                _institution(tag, number)
                for number, tag in enumerate((0x83, 0x86, 0x89, 0x7D, 0x7E, 0x7F, 0x8D, 0x8E), 1)
            ),
            nameless(0x8F, An(1)),
        ),
    ),
)

_EF06 = VariableTlv(
    fid=0xEF06,
    name="Offline settlement",
    name_zh="脱网结算",
    read=PIN & Key("RK1"),
    update=Key("UK2"),
    source=_SOURCE,
    records=(
        *only(L1, *(nameless(tag, AMOUNT) for tag in (0x90, 0x92, 0x93))),
        *only(
            SINCE_2,
            nameless(0x90, An(1)),
            Element(0x92, AMOUNT, "settlement_amount", "金额", sure=Certainty.SEEN_ONCE),
            nameless(0x93, An(2)),
        ),
    ),
)

_EF08 = Cyclic(
    fid=0xEF08,
    name="Transaction log",
    name_zh="交易明细",
    read=_READ,
    # The card itself writes it when it debits.
    update=NEVER,
    counts={L1: 10, L2: 30, L3: 30},
    record=Sequence(
        (
            Part(Octets(2), "sequence_number", "交易序号"),
            Part(An(1), "transaction_type", "交易类型"),
            Part(Bcd(6), "terminal_number", "终端机编号"),
            Part(Bcd(7), "date_and_time", "交易日期时间"),
            Part(Number(4), "personal_account", "个人账户金额"),
            Part(Number(4), "personal_payment", "个人自付金额"),
            Part(Number(4), "pooled_fund", "统筹基金金额"),
        )
    ),
    source=_SOURCE + "; order of the amounts: 8, medical debit",
)

_EF15 = Cyclic(
    fid=0xEF15,
    name="Special treatment",
    name_zh="特殊医疗",
    read=_READ,
    update=Key("UK2"),
    counts={L2: 8, L3: 8},
    record=Sequence((Part(Octets(2), "treatment", "特殊医疗"), Part(An(1), "treatment_status", "状态"))),
    source=_SOURCE,
)

DF04 = Df(
    fid=0xDF04,
    aid=aid(0x03),
    label="社会保险2",
    name="Social insurance 2 (medical)",
    name_zh="社会保险2(医疗)",
    files=(_EF05, _EF06, _EF08, _EF15),
    keys=DF04_KEYS,
    source="hrss-card 1",
)
