"""DF03, social insurance 1: unemployment, pension, work injury, maternity (facts hrss-card 2.6)."""

from __future__ import annotations

from typing import Final

from cardsim.zones.access import Key
from cardsim.zones.fields import An, Bcd, Number, Template
from cardsim.zones.hrss_areas.keys import DF03_KEYS
from cardsim.zones.hrss_areas.notation import (
    AMOUNT,
    DATE,
    DATE_60,
    INFERRED,
    PIN,
    REGION,
    SEEN_ONCE,
    SINCE_2,
    aid,
    nameless,
    only,
    part,
)
from cardsim.zones.layouts import L1
from cardsim.zones.model import Df, Element, VariableTlv

_SOURCE: Final = "hrss-card 2.6, 6"
_READ: Final = PIN | Key("RK1")

_EF05 = VariableTlv(
    fid=0xEF05,
    name="Unemployment insurance",
    name_zh="失业保险",
    read=PIN | Key("RK2"),
    update=Key("UK1"),
    source=_SOURCE,
    records=(
        *only(
            L1,
            DATE_60,
            nameless(0x98, DATE),
            nameless(0x61, AMOUNT),
            nameless(0x62, DATE),
            nameless(0x63, An(3)),
            nameless(0x64, An(3)),
            nameless(0x65, Number(3)),
            nameless(0x66, Number(3)),
        ),
        *only(
            SINCE_2,
            Element(0x61, REGION, "unemployment_region", "行政区划代码", sure=INFERRED),
            DATE_60,
            nameless(0x98, DATE),
            nameless(0x62, DATE),
            *(nameless(tag, An(3)) for tag in (0x63, 0x64, 0x65, 0x66)),
        ),
    ),
)

_EF06 = VariableTlv(
    fid=0xEF06,
    name="Work ability appraisal",
    name_zh="劳动能力鉴定",
    read=_READ,
    update=Key("UK2"),
    source=_SOURCE,
    records=(
        *only(
            L1,
            nameless(0x67, DATE),
            nameless(0x68, An(0x3E)),
            nameless(0x69, An(0x3E)),
            nameless(0x6A, An(0x10)),
            Element(0x6B, An(0x3C), "appraisal_body", "鉴定机构", sure=INFERRED),
        ),
        *only(
            SINCE_2,
            Element(0x45, An(0x14), "appraisal_number", "证书编号", sure=SEEN_ONCE),
            nameless(0x46, An(2)),
            nameless(0x47, An(2)),
            nameless(0x48, An(1)),
            nameless(0x49, An(1)),
            nameless(0x67, DATE),
            Element(0x6B, An(0x3C), "appraisal_body", "鉴定机构", sure=SEEN_ONCE),
            Element(
                0x4A,
                Template(
                    (
                        part(0x13, An(2)),
                        part(0x14, An(1)),
                        part(0x15, An(0x14), "name", "名称"),
                        part(0x16, DATE),
                        part(0x17, An(0x3C), "organisation", "机构"),
                    )
                ),
                "appraisal_item",
                "鉴定明细",
                count=3,
                sure=INFERRED,
            ),
        ),
    ),
)

_EF07 = VariableTlv(
    fid=0xEF07,
    name="Pension insurance",
    name_zh="养老保险",
    read=_READ,
    update=Key("UK3"),
    source=_SOURCE,
    records=(
        *only(
            L1,
            nameless(0x6C, DATE),
            nameless(0x6D, AMOUNT),
            nameless(0x6E, DATE),
            nameless(0x6F, DATE),
            nameless(0x70, An(3)),
            nameless(0x71, AMOUNT),
            nameless(0x72, AMOUNT),
            nameless(0x73, DATE),
        ),
        *only(
            SINCE_2,
            nameless(0x70, An(3)),
            nameless(0x71, REGION),
            *(nameless(tag, DATE) for tag in (0x6E, 0x6C, 0x6F, 0x73)),
        ),
    ),
)

_EF15 = VariableTlv(
    fid=0xEF15,
    name="Work injury insurance",
    name_zh="工伤保险",
    read=_READ,
    update=Key("UK4"),
    layouts=SINCE_2,
    source=_SOURCE,
    records=(nameless(0x7A, REGION), nameless(0x7B, DATE), nameless(0x7C, DATE)),
)

_EF16 = VariableTlv(
    fid=0xEF16,
    name="Maternity insurance",
    name_zh="生育保险",
    read=_READ,
    update=Key("UK5"),
    layouts=SINCE_2,
    source=_SOURCE,
    records=(nameless(0x51, REGION), nameless(0x5F, An(1))),
)

_EF17 = VariableTlv(
    fid=0xEF17,
    name="Work injury recognition",
    name_zh="工伤认定",
    read=_READ,
    update=Key("UK6"),
    layouts=SINCE_2,
    source=_SOURCE,
    records=(
        nameless(0x3B, An(0x14)),
        nameless(0x3C, An(0x46)),
        nameless(0x3D, An(1)),
        nameless(0x3E, DATE),
        nameless(0x3F, An(0x3C)),
    ),
)

_EF18 = VariableTlv(
    fid=0xEF18,
    name="Supported relatives",
    name_zh="供养亲属",
    read=_READ,
    update=Key("UK7"),
    layouts=SINCE_2,
    source=_SOURCE,
    records=(
        nameless(0x74, An(3)),
        nameless(0x75, REGION),
        nameless(0x76, Bcd(1)),
        nameless(0x77, DATE),
        nameless(0x78, DATE),
    ),
)

_EF19 = VariableTlv(
    fid=0xEF19,
    name="Insurance certificates",
    name_zh="参保凭证",
    read=_READ,
    update=Key("UK8"),
    layouts=SINCE_2,
    source=_SOURCE,
    records=(
        Element(
            0x79,
            Template(
                (
                    part(0x18, An(3), "insurance_type", "险种"),
                    part(0x19, REGION, "insured_region", "参保地行政区划代码"),
                    part(0x1A, DATE),
                    part(0x1B, DATE),
                    part(0x1C, AMOUNT),
                    part(0x1D, An(3)),
                    part(0x1E, DATE),
                )
            ),
            "insurance_certificate",
            "参保凭证",
            count=4,
        ),
    ),
)

DF03 = Df(
    fid=0xDF03,
    aid=aid(0x02),
    label="社会保险1",
    name="Social insurance 1",
    name_zh="社会保险1",
    files=(_EF05, _EF06, _EF07, _EF15, _EF16, _EF17, _EF18, _EF19),
    keys=DF03_KEYS,
    source="hrss-card 1",
)
