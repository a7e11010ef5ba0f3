"""DF01, public information: household, residence, employer, nationality, schooling (facts hrss-card 2.4)."""

from __future__ import annotations

from typing import Final

from cardsim.zones.access import FREE, Key
from cardsim.zones.fields import An, Bcd
from cardsim.zones.hrss_areas.keys import DF01_KEYS
from cardsim.zones.hrss_areas.notation import (
    AMOUNT,
    DATE,
    INFERRED,
    PIN,
    REGION,
    SCHOOLING,
    SEEN_ONCE,
    SINCE_2,
    aid,
    nameless,
    only,
)
from cardsim.zones.layouts import L1, L2, L3
from cardsim.zones.model import Df, Element, Transparent, VariableTlv

_SOURCE: Final = "hrss-card 2.4, 6"
_READ: Final = PIN | Key("RK1")
_RESERVED_SIZE: Final = 0x128

_EF05 = VariableTlv(
    fid=0xEF05,
    name="Household registration",
    name_zh="户籍信息",
    read=_READ,
    update=Key("UK1"),
    source=_SOURCE,
    records=(
        *only(
            L1,
            Element(0x20, An(1), "household_type", "户口类别", sure=INFERRED),
            Element(0x21, An(0x3E), "household_address", "户口所在地地址", sure=INFERRED),
            nameless(0x22, An(0x12)),
        ),
        *only(
            SINCE_2,
            Element(0x20, An(2), "household_type", "户口类别"),
            Element(0x21, An(0x50), "household_address", "户口所在地地址"),
            Element(0x0E, REGION, "household_region", "户口所在地行政区划代码", sure=INFERRED),
        ),
    ),
)

_EF06 = VariableTlv(
    fid=0xEF06,
    name="Residence and contact",
    name_zh="常住地与通讯信息",
    read=_READ,
    update=Key("UK4"),
    source=_SOURCE,
    records=(
        *only(
            L1,
            Element(0x25, An(0x3E), "mail_address", "通讯地址", sure=SEEN_ONCE),
            nameless(0x26, An(0x12)),
            Element(0x27, Bcd(3), "postcode", "邮政编码"),
            Element(0x28, An(0x0F), "telephone", "联系电话"),
        ),
        *only(
            SINCE_2,
            Element(0x23, An(0x50), "residence_address", "常住所在地地址"),
            Element(0x24, REGION, "residence_region", "常住所在地行政区划代码"),
            Element(0x28, An(0x0F), "telephone", "联系电话"),
            Element(0x2C, An(0x32), "contact_name", "联系人姓名", sure=INFERRED),
            Element(0x2D, An(0x0F), "contact_telephone", "联系人电话", sure=INFERRED),
        ),
    ),
)

_EF07 = VariableTlv(
    fid=0xEF07,
    name="Personal status",
    name_zh="个人状况",
    read=_READ,
    update=Key("UK2"),
    source=_SOURCE,
    records=(Element(0x29, An(1), "personal_status", "个人状况", sure=INFERRED),),
)

_EF08 = VariableTlv(
    fid=0xEF08,
    name="Marriage",
    name_zh="婚姻信息",
    read=_READ,
    update=Key("UK3"),
    source=_SOURCE,
    records=(Element(0x2B, An(1), "marital_status", "婚姻状况", sure=INFERRED),),
)

_EF09 = VariableTlv(
    fid=0xEF09,
    name="Status and employer",
    name_zh="身份及单位信息",
    read=_READ,
    update=Key("UK2"),
    source=_SOURCE,
    records=(
        *only(
            L1,
            Element(0x2E, An(0x3E), "employer_name", "单位名称", sure=INFERRED),
            nameless(0x2F, An(8)),
            Element(0x30, An(9), "employer_code", "单位组织机构代码", sure=INFERRED),
            nameless(0x31, An(1)),
            Element(0x32, An(3), "person_category", "人员身份", sure=INFERRED),
        ),
        *only(
            SINCE_2,
            Element(0x2E, An(0x46), "employer_name", "单位名称", sure=INFERRED),
            Element(0x30, An(9), "employer_code", "单位组织机构代码", sure=INFERRED),
            Element(0x32, An(2), "person_category", "人员身份", sure=INFERRED),
        ),
    ),
)

_EF0A = VariableTlv(
    fid=0xEF0A,
    # Of layout 2.00; in 1.00 the same file holds wages.
    name="Nationality and politics",
    name_zh="国籍与政治面貌",
    read=_READ,
    update=Key("UK5"),
    source=_SOURCE,
    records=(
        *only(
            L1,
            Element(0x37, AMOUNT, "wage_37", "工资 37", sure=INFERRED),
            Element(0x38, AMOUNT, "wage_38", "工资 38", sure=INFERRED),
            Element(0x39, DATE, "wage_date", "工资日期", sure=INFERRED),
        ),
        *only(
            SINCE_2,
            Element(0x37, An(3), "nationality", "国籍", sure=SEEN_ONCE),
            Element(0x38, An(2), "political_affiliation", "政治面貌", sure=INFERRED),
            nameless(0x39, DATE),
        ),
    ),
)

_EF15 = VariableTlv(
    fid=0xEF15,
    name="Schooling",
    name_zh="学历信息",
    read=_READ,
    update=Key("UK6"),
    layouts=SINCE_2,
    source=_SOURCE,
    records=(
        Element(0x2A, Bcd(1), "schooling_level", "文化程度", sure=INFERRED),
        Element(0x40, SCHOOLING, "schooling", "学历", count=3, sure=INFERRED),
    ),
)

_RESERVED = tuple(
    Transparent(
        fid=fid,
        name=f"Reserved {fid - 0xEF15}",
        name_zh=f"预留 {fid - 0xEF15}",
        sizes={L2: _RESERVED_SIZE, L3: _RESERVED_SIZE},
        read=FREE,
        update=Key("UK1"),
        source=_SOURCE,
    )
    for fid in range(0xEF16, 0xEF1B)
)

DF01 = Df(
    fid=0xDF01,
    aid=aid(0x00),
    label="公共应用信息",
    name="Public information",
    name_zh="公共应用信息",
    files=(_EF05, _EF06, _EF07, _EF08, _EF09, _EF0A, _EF15, *_RESERVED),
    keys=DF01_KEYS,
    source="hrss-card 1",
)
