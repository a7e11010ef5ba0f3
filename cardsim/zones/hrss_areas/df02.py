"""DF02, employment and unemployment (facts hrss-card 2.5)."""

from __future__ import annotations

from typing import Final

from cardsim.zones.access import Key
from cardsim.zones.fields import An, Bcd, Cn, Part, Sequence, Template
from cardsim.zones.hrss_areas.keys import DF02_KEYS
from cardsim.zones.hrss_areas.notation import (
    DATE,
    DATE_60,
    INFERRED,
    PIN,
    REGION,
    SCHOOLING,
    SEEN_ONCE,
    SINCE_2,
    aid,
    nameless,
    only,
    part,
)
from cardsim.zones.layouts import L1, L2, L3
from cardsim.zones.model import Cyclic, Df, Element, VariableTlv

_SOURCE: Final = "hrss-card 2.5, 6"
_READ: Final = PIN | Key("RK1")

_QUALIFICATION_V1: Final = Template(
    (
        part(0x5A, Cn(7), "qualification_code", "职业资格代码"),
        part(0x5B, Bcd(1), "level", "等级"),
        part(0x5C, An(9), "issuer", "发证机构"),
        part(0x5D, DATE, "issue_date", "发证日期"),
    )
)
_QUALIFICATION: Final = Template(
    (
        part(0x5A, An(7), "qualification_code", "职业资格代码"),
        part(0x5B, An(1), "level", "等级"),
        part(0x5C, An(0x46), "issuer", "发证机构"),
        part(0x5D, DATE, "issue_date", "发证日期"),
        part(0x5E, An(0x10), "certificate_number", "证书编号"),
    )
)
_REGISTRATION: Final = Template(
    (part(0x33, An(3)), part(0x34, An(0x46), "authority", "注册登记机构"), part(0x35, DATE), part(0x36, An(0x10)))
)

_EF05 = VariableTlv(
    fid=0xEF05,
    name="Vocational qualifications",
    name_zh="职业资格信息",
    read=_READ,
    update=Key("UK1"),
    source=_SOURCE,
    records=(
        *only(
            L1,
            Element(0x40, SCHOOLING, "schooling_1", "学历 1", sure=INFERRED),
            Element(0x41, SCHOOLING, "schooling_2", "学历 2", sure=INFERRED),
            nameless(0x42, Cn(3)),
            Element(0x43, _QUALIFICATION_V1, "qualification_1", "职业资格 1", sure=INFERRED),
            Element(0x44, _QUALIFICATION_V1, "qualification_2", "职业资格 2", sure=INFERRED),
        ),
        *only(
            SINCE_2,
            nameless(0x42, An(3)),
            nameless(0x41, An(3)),
            Element(0x43, _QUALIFICATION, "qualification", "职业资格", count=2, sure=SEEN_ONCE),
            Element(0x44, _REGISTRATION, "registration", "注册登记", count=2, sure=INFERRED),
        ),
    ),
)

_EF06 = VariableTlv(
    fid=0xEF06,
    name="Employment status",
    name_zh="就业状况",
    read=_READ,
    update=Key("UK2"),
    source=_SOURCE,
    records=(
        *only(
            L1,
            *(nameless(tag, DATE) for tag in (0x4B, 0x4C)),
            DATE_60,
            *(nameless(tag, DATE) for tag in (0x4D, 0x4F, 0x50)),
        ),
        *only(
            SINCE_2,
            nameless(0x4C, DATE),
            nameless(0x4B, An(5)),
            nameless(0x4D, REGION),
            DATE_60,
            nameless(0x4F, An(6)),
            nameless(0x50, REGION),
        ),
        Element(0x3A, An(7), "occupation", "职业(工种)", sure=SEEN_ONCE),
    ),
)

_EF07 = Cyclic(
    fid=0xEF07,
    name="Employment record",
    name_zh="就业记录",
    read=_READ,
    update=Key("UK3"),
    counts={L1: 4, L2: 4, L3: 4},
    record=Sequence(
        (
            Part(An(7), "occupation", "工种"),
            Part(DATE, "start_date", "起始日期"),
            Part(DATE, "end_date", "终止日期"),
            Part(An(0x46), "employer", "单位"),
        )
    ),
    source=_SOURCE,
)

_EF08 = VariableTlv(
    fid=0xEF08,
    name="Certificate of layout 1.00",
    name_zh="证件信息(1.00)",
    read=_READ,
    update=Key("UK4"),
    layouts=L1,
    source=_SOURCE,
    records=(nameless(0x52, Cn(0x0A)), nameless(0x53, An(0x3E)), nameless(0x94, An(8)), nameless(0x54, DATE)),
)

_EF09 = VariableTlv(
    fid=0xEF09,
    name="Registration certificate",
    name_zh="就业失业登记证",
    read=_READ,
    update=Key("UK4"),
    source=_SOURCE,
    records=(
        *only(
            L1,
            Element(0x55, Cn(0x0A), "certificate_number", "编号", sure=INFERRED),
            Element(0x56, An(0x3E), "certificate_issuer", "发证机构", sure=INFERRED),
            nameless(0x95, An(8)),
            Element(0x96, DATE, "certificate_date", "发证日期", sure=INFERRED),
            nameless(0x97, DATE),
        ),
        *only(
            SINCE_2,
            Element(0x55, An(0x10), "certificate_number", "编号", sure=SEEN_ONCE),
            Element(0x56, An(0x46), "certificate_issuer", "发证机构", sure=SEEN_ONCE),
            Element(0x96, DATE, "certificate_date", "发证日期", sure=SEEN_ONCE),
            nameless(0x97, REGION),
        ),
    ),
)

_EF15 = VariableTlv(
    fid=0xEF15,
    name="Employment assistance",
    name_zh="就业援助",
    read=_READ,
    update=Key("UK5"),
    layouts=SINCE_2,
    source=_SOURCE,
    records=(
        Element(
            0x99,
            Template((part(0x10, An(3)), part(0x11, DATE), part(0x12, REGION))),
            "assistance",
            "就业援助",
            count=4,
            sure=INFERRED,
        ),
        nameless(0x0F, DATE),
        nameless(0x1F, REGION),
    ),
)

_EF16 = Cyclic(
    fid=0xEF16,
    name="Support policies",
    name_zh="扶持政策",
    read=_READ,
    update=Key("UK6"),
    counts={L2: 4, L3: 4},
    record=Sequence(
        (
            Part(An(3), "policy", "扶持政策"),
            Part(DATE, "date_1", "日期 1"),
            Part(DATE, "date_2", "日期 2"),
            Part(DATE, "date_3", "日期 3"),
            Part(REGION, "region", "行政区划代码"),
        )
    ),
    source=_SOURCE,
)

DF02 = Df(
    fid=0xDF02,
    aid=aid(0x01),
    label="就业与失业",
    name="Employment and unemployment",
    name_zh="就业与失业",
    files=(_EF05, _EF06, _EF07, _EF08, _EF09, _EF15, _EF16),
    keys=DF02_KEYS,
    source="hrss-card 1",
)
