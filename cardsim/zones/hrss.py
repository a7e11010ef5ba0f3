"""The HRSS zone (人力资源社会保障): application SSSE, facts hrss-card 1, 2, 5 and 6.

The one place that states its names, FIDs, tags, lengths and rights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import HexError, parse_hex
from cardsim.errors import ElementError
from cardsim.zones import authorities, card_number, nations
from cardsim.zones.access import FREE, Key, Pin
from cardsim.zones.card_identification import CardIdentification
from cardsim.zones.fields import An, Bcd, CnDate, Octets
from cardsim.zones.hrss_areas import DF01, DF02, DF03, DF04, DF05, DF06, DF07, SSSE_KEYS
from cardsim.zones.hrss_areas.notation import unknown
from cardsim.zones.initialising_institution import InitialisingInstitution
from cardsim.zones.layouts import L1, L2, L3
from cardsim.zones.model import (
    Certainty,
    Df,
    Directory,
    Element,
    PinDeclaration,
    Transparent,
    VariableTlv,
    Zone,
)
from cardsim.zones.social_security_number import SocialSecurityNumber

if TYPE_CHECKING:
    from apdu import Text

SSSE_NAME: Final = authorities.HRSS.aid

_RK = Key("RK")
_UK = Key("UK")


def _card_identification(text: str) -> CardIdentification:
    return CardIdentification.parse(_hex(text))


def _institution(text: str) -> InitialisingInstitution:
    return InitialisingInstitution.parse(_hex(text))


def _sex(text: str) -> Text:
    return nations.Sex.parse(text).text


def _hex(text: str) -> bytes:
    try:
        return parse_hex(text)
    except HexError as error:
        raise ElementError(str(error), error.text.zh) from error


EF05 = VariableTlv(
    fid=0xEF05,
    name="Issuer data",
    name_zh="发卡机构数据",
    read=FREE,
    update=_UK,
    source="hrss-card 2.1, 6",
    records=(
        Element(0x01, Octets(16), "card_identification", "卡的识别码", check=_card_identification),
        Element(0x02, An(1), "category", "卡的类别"),
        Element(0x03, An(4), "spec_version", "规范版本"),
        Element(0x04, Octets(12), "institution", "初始化机构编号", check=_institution),
        Element(0x05, CnDate(), "issue_date", "发卡日期"),
        Element(0x06, CnDate(), "expiry_date", "卡有效期"),
        Element(
            0x07,
            An(9),
            "card_number",
            "卡号",
            read={L3: _RK},
            check=card_number.validate,
            sure=Certainty.INFERRED,
        ),
    ),
)

EF06 = VariableTlv(
    fid=0xEF06,
    name="Holder's basic data",
    name_zh="持卡人基本信息",
    read=FREE,
    update=_UK,
    source="hrss-card 2.2, 6",
    records=(
        Element(
            0x08, An(18), "social_security_number", "社会保障号码", read={L3: _RK}, check=SocialSecurityNumber.parse
        ),
        Element(0x09, An(30), "name", "姓名", read={L3: _RK}),
        Element(0x4E, An(20), "name_extension", "姓名扩展", layouts=L2 | L3, read={L3: _RK}),
        Element(0x0A, An(1), "sex", "性别", read={L3: _RK}, check=nations.Sex.parse, meaning=_sex),
        Element(0x0B, Bcd(1), "nation", "民族", read={L3: _RK}, check=nations.nation, meaning=nations.nation),
        Element(0x0C, Bcd(3), "birthplace", "出生地", read={L3: _RK}),
        Element(0x0D, CnDate(), "birth_date", "出生日期", read={L3: _RK}),
    ),
)

EF07 = Transparent(
    fid=0xEF07,
    name="Fingerprint",
    name_zh="指纹",
    sizes={L1: 0x300, L2: 0x400, L3: 0x400},
    read=_RK,
    update=_UK,
    content="fingerprint",
    source="hrss-card 1, 2.3, 6",
)

EF08 = Transparent(
    fid=0xEF08,
    name="Photo",
    name_zh="照片",
    sizes={L2: 0x1000, L3: 0x1000},
    read=_RK,
    update=_UK,
    content="photo",
    source="hrss-card 1, 2.3, 6",
)

EF0C = Transparent(
    fid=0xEF0C,
    name="Data under a key of its own",
    name_zh="独立密钥控制的数据",
    sizes={L3: 0x100},
    read=Key("RK0C"),
    # No source says; UK writes what SSSE has, but for EF0D.
    update=_UK,
    sure=Certainty.LENGTH_UNKNOWN,
    source="hrss-card 1, 8 [inf]: exists, has its own read key; content unknown",
)

EF0E = Transparent(
    fid=authorities.CERTIFICATE_FID,
    name="Card certificate",
    name_zh="卡证书",
    sizes={L3: 0x400},
    read=FREE,
    update=_UK,
    content="certificate",
    source="handbook Q10; no source names an EF: the FID is a setting",
)

EF0D = VariableTlv(
    fid=0xEF0D,
    name="Local extension",
    name_zh="地方扩展信息",
    # The sheet's list of conditions ends in "everything else".
    read=Pin("HRSS") | _RK,
    update=Key("UK0D"),
    layouts=L2 | L3,
    source="hrss-card 1, 2.3, 6",
    records=(
        Element(0xEA, An(12), "person_number", "人员识别号", sure=Certainty.SEEN_ONCE),
        Element(0xEB, Bcd(3), "first_application_region", "初次申领地", sure=Certainty.SEEN_ONCE),
        unknown(0xEC),
        unknown(0xED),
    ),
)

SSSE = Df(
    fid=0xDDF1,
    aid=SSSE_NAME,
    label="社会保障",
    key_area="SSSE",
    name="HRSS application",
    name_zh="社会保障应用",
    files=(
        Directory(source="hrss-card 1 (S1: record 70 61 4F 50); content on a real card unknown, section 12"),
        EF05,
        EF06,
        EF07,
        EF08,
        EF0C,
        EF0D,
        EF0E,
    ),
    pins=(PinDeclaration("HRSS", 0x00, "社保应用密码", "hrss-card 5", unblocked_by="PUK"),),
    keys=SSSE_KEYS,
    children=(DF01, DF02, DF03, DF04, DF05, DF06, DF07),
    erase=_UK,  # inferred: the key that writes it
    source="hrss-card 1",
)

HRSS = Zone(authority=authorities.HRSS, application=SSSE)
