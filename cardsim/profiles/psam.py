"""The PSAM: what of its keys and files differs between terminals."""

from __future__ import annotations

from dataclasses import dataclass

from cardsim.profiles.settings import setting


@dataclass(frozen=True, kw_only=True)
class PsamSettings:
    """A PSAM: which root keys it holds, and of which level."""

    psam_algorithms: tuple[str, ...] = setting(
        ("DES", "SM4"),
        "of a PSAM: algorithms that it has keys of",
        "PSAM 具有密钥的算法",
        "terminal-interface 1.3: -2202, PSAM lacks the algorithm",
        names=r"DES|SM4",
    )
    psam_sm4_name: bytes = setting(
        bytes.fromhex("D15600000591"),
        "of a PSAM: name of the directory with its SM4 keys (hexadecimal); the DES keys are in D15600000590",
        "PSAM 中 SM4 密钥目录的名称(十六进制);DES 密钥位于 D15600000590",
        "no source; INFERRED",
        sizes=(*range(5, 17),),
    )
    psam_levels: int = setting(
        3,
        "of a PSAM: whose roots it holds: 3 the nation's, 2 a province's, 1 a city's",
        "PSAM 所持根密钥的级别:3 国家、2 省、1 城市",
        "hrss-card 4.1, 4.4",
        low=1,
        high=3,
    )
    psam_region: str = setting(
        "",
        "of a PSAM with psam_levels below 3: six digits of its city, as in the card identification code",
        "psam_levels 低于 3 时 PSAM 所属城市的六位区划代码,同卡识别码",
        "hrss-card 4.2",
        high=6,
    )
    psam_without: tuple[str, ...] = setting(
        (),
        "of a PSAM: keys that it does not have, such as SSSE/RK",
        "PSAM 不具有的密钥,如 SSSE/RK",
        "terminal-interface 1.3: -2203, PSAM lacks RKSSSE",
        names=r"(?:SSSE|DF[0-9A-F]{2})/[0-9A-Z]+",
    )
    psam_counter: int = setting(
        0,
        "of a PSAM: number of its first transaction",
        "PSAM 首笔交易的终端交易序号",
        "transit-campus-health-zones 3.6: published purchases begin at 00000000",
    )
