"""The HRSS zone: what of its data differs between cards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cardsim.profiles.choices import Tag60
from cardsim.profiles.settings import setting
from cardsim.profiles.table import Table
from cardsim.zones.model import KeyAlgorithm

_ELEMENT: Final = r"(?:SSSE|DF[0-9A-F]{2})/EF[0-9A-F]{2}/[0-9A-F]{2}"
_ZONE: Final = r"[A-Z][A-Z0-9_]{0,15}"
_MAX_ELEMENT: Final = 253
"""Bytes of the longest element that one UPDATE RECORD carries, tag and length before it."""


@dataclass(frozen=True, kw_only=True)
class HrssSettings:
    """The HRSS zone: what of its data differs between cards."""

    hrss_fid: int = setting(
        0xDDF1, "FID of the HRSS application", "社保应用的文件标识符", "hrss-card 1 [1]", low=0x0001, high=0xFFFE
    )
    hrss_algorithm: KeyAlgorithm = setting(
        KeyAlgorithm.DES,
        "algorithm of the HRSS zone's keys",
        "社保区密钥的算法",
        "terminal-interface 2.1, 2.5",
    )
    algorithm_in_fci: bool = setting(
        False,
        "the FCI of the HRSS application tells the algorithm: 9F0C 03 86 01 and 01 DES or 03 SM4",
        "社保应用 FCI 给出算法标识:9F0C 03 86 01 加 01(DES)或 03(SM4)",
        "terminal-interface 2.5: newer cards",
    )
    blank_identification: bytes = setting(
        b"",
        "card identification code of a blank, a card without holder: no data but this and the version; empty: no blank",
        "空白卡(无持卡人)的卡识别码:除此与规范版本外无数据;为空则非空白卡",
        "hrss-card 7, 9 G4: check bytes 00000000 or FFFFFFFF",
        sizes=(0, 16),
    )
    external_key_00: int = setting(
        0x00,
        "key that EXTERNAL AUTHENTICATE with P2 = 00 means where there is no key 00, such as 0A; 00: none",
        "无 00 号密钥时,P2=00 的外部认证所指的密钥,如 0A;00 表示无",
        "hrss-card 4.1: one client sends 00 where the others send 0A (RK) to a 3.00 card",
        high=0xFF,
    )
    ef0c_size: int = setting(
        0x100,
        "bytes of EF0C with layout 3.00, whose content is unknown",
        "3.00 布局下 EF0C 的字节数(内容未知)",
        "hrss-card 8 [inf]; size: no source",
        low=1,
        high=0x7FFF,
    )
    card_number_free: bool = setting(
        False,
        "with layout 3.00, EF05 tag 07 is read without key RK",
        "3.00 布局下 EF05 标签 07 无需 RK 即可读",
        "hrss-card 6, 8 against terminal-interface 4.2: the sources disagree",
    )
    dir_sfi: int = setting(
        0,
        "SFI of the HRSS application's DIR; 0: 0B with layout 1.00, 1E later",
        "社保应用目录文件 SFI;0 表示 1.00 用 0B,其后用 1E",
        "hrss-card 1",
        low=0,
        high=30,
    )
    spec_version: str = setting(
        "",
        "text of EF05 tag 03, up to 4 characters; empty: the layout's",
        "EF05 标签 03 规范版本文本,至多 4 字符;为空则与布局一致",
        "hrss-card 2.1 (1.00, 2.00, 2.0, 2.01, 3.00 are met)",
        high=4,
    )
    an_padding: int = setting(
        0x00,
        "byte behind short text: 00, or 20 as on a real V1.00 card",
        "文本右侧填充字节:00,或实卡上的 20",
        "hrss-card 2",
        low=0,
        high=255,
    )
    cn_padding: int = setting(
        0xF,
        "digit behind short numbers: F, or 0 as on some blank cards",
        "数字右侧填充:F,或部分空白卡的 0",
        "hrss-card 2",
        low=0,
        high=15,
    )
    element_sizes: Table = setting(
        Table(),
        'bytes of elements whose length no source gives, each 20 otherwise: { "DF05/EF05/A0" = 30 }',
        '长度未知的数据元的字节数(缺省各 20):{ "DF05/EF05/A0" = 30 }',
        "hrss-card 2.3, 2.8, 12",
        low=1,
        high=_MAX_ELEMENT,
        names=_ELEMENT,
        example='"DF05/EF05/A0" = 30',
    )
    certificate_fids: Table = setting(
        Table(),
        "file of a zone that carries the card's certificate, where no standard says which: { CAMPUS = 0xEF0E }",
        "无标准规定时,各区域存放卡证书的文件标识符:{ CAMPUS = 0xEF0E }",
        "no source; EF0E otherwise",
        low=0x0001,
        high=0xFFFE,
        names=_ZONE,
        example="CAMPUS = 0xEF0E",
    )
    tag_60_file: Tag60 = setting(
        Tag60.AS_LISTED,
        "file that has the date with tag 60; as listed: DF02/EF06, with layout 1.00 both",
        "含标签 60(日期)的文件;as listed 表示 DF02/EF06,1.00 布局则两者皆有",
        "hrss-card 2.6; 11: exactly one of the two",
    )
