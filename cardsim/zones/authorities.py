"""Who runs each zone: an authority of its own, with a tree of symmetric keys and a certificate authority.

Handbook Q10: each zone is run by its own authority, with that zone's own keys and certificates. A zone that is declared
here, or in an issuer's TOML file, has both; nothing else has to be written for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, unique
from typing import TYPE_CHECKING, Any, Final

from apdu import HexError, format_hex, parse_hex
from cardsim.errors import ZoneError
from keys.tree import ZoneId

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@unique
class CertificateForm(Enum):
    """What kind of certificate a zone's cards have."""

    X509 = "X.509"
    """SM2 with SM3 (GB/T 20518)."""
    PBOC = "PBOC"
    """In records of the application, RSA or SM2 (facts finance-zone 3.6, 3.7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFile:
    """The EF of a zone's application that carries the card's certificate, from its first byte, DER.

    ``stated``: a source names the FID. Where none does, ``fid`` is a default that a setting may replace.
    """

    fid: int
    name: str = "Card certificate"
    name_zh: str = "卡证书"
    stated: bool = False
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """The authority of a zone.

    ``aid``: name of the zone's application; certificates are bound to it. ``levels``: the steps from a root key to a
    card's, the last always the card; a key may leave out the first ones. ``certificate``: where the card's X.509
    certificate stands; ``None`` where the form has places of its own.
    """

    name: str
    name_zh: str
    aid: bytes
    levels: tuple[str, ...]
    form: CertificateForm = CertificateForm.X509
    certificate: CertificateFile | None = None
    source: str

    @property
    def zone_id(self) -> ZoneId:
        """How keys and certificates name the zone."""
        return ZoneId(self.name, self.aid)

    def certificate_fid(self, setting: int | None = None) -> int | None:
        """Return the FID of the certificate's EF; ``setting`` replaces it where no source states one."""
        if self.certificate is None:
            return None
        return self.certificate.fid if self.certificate.stated or setting is None else setting


CERTIFICATE_FID: Final = 0xEF0E
"""Where no source names one."""
_NO_STANDARD: Final = CertificateFile(fid=CERTIFICATE_FID, source="none: no source names an EF; a default, a setting")

HRSS: Final = Authority(
    name="HRSS",
    name_zh="人力资源社会保障",
    aid="sx1.sh.社会保障".encode("gbk"),
    levels=("province", "city", "card"),
    certificate=_NO_STANDARD,
    source="hrss-card 4.1, 4.2: national root, province, city, card",
)
PKI: Final = Authority(
    name="PKI",
    name_zh="社会保障电子认证",
    aid="PKI.社会保障".encode("gbk"),
    levels=("province", "city", "card"),
    certificate=CertificateFile(
        fid=0x0018, name="Signature certificate", name_zh="签名证书", stated=True, source="hrss-card 8"
    ),
    source="hrss-card 8; levels as in the HRSS zone [inferred]",
)
FINANCE: Final = Authority(
    name="FINANCE",
    name_zh="金融",
    aid=bytes.fromhex("A000000333010101"),
    levels=("card",),
    form=CertificateForm.PBOC,
    source="finance-zone 1.1, 3.1",
)
TRANSIT: Final = Authority(
    name="TRANSIT",
    name_zh="交通出行",
    aid=bytes.fromhex("A000000632010105"),
    levels=("issuer", "card"),
    certificate=_NO_STANDARD,
    source="transit-campus-health-zones 1.1, 3.6",
)
CAMPUS: Final = Authority(
    name="CAMPUS",
    name_zh="校园",
    aid=bytes.fromhex("D156000001") + "金仕达支付".encode("gbk"),
    levels=("card",),
    certificate=_NO_STANDARD,
    source="transit-campus-health-zones 1.1, 3.6 (one implementation)",
)
HEALTH: Final = Authority(
    name="HEALTH",
    name_zh="医疗健康",
    aid="sx1.sh.居民健康".encode("gbk"),
    levels=("city", "card"),
    certificate=_NO_STANDARD,
    source="transit-campus-health-zones 1.1, 7 (one implementation)",
)

AUTHORITIES: Final = (HRSS, PKI, FINANCE, TRANSIT, CAMPUS, HEALTH)
"""The zones of handbook Q10, and PKI, the certificate that is in the chip of the 3rd generation."""

_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]{0,15}")
_MAX_LEVELS: Final = 3
_KEYS: Final = ("name", "name_zh", "aid", "levels", "certificate_fid")


def find_authority(name: str, declared: Iterable[Authority] = AUTHORITIES) -> Authority:
    """Return the authority of the zone called ``name``, in any case. Raises :class:`ZoneError`."""
    declared = tuple(declared)
    for authority in declared:
        if authority.name == name.upper():
            return authority
    names = [authority.name for authority in declared]
    raise ZoneError(f"no zone {name!r}; there are {', '.join(names)}", f"没有区域 {name!r};可用:{'、'.join(names)}")


def parse_authorities(plain: Mapping[str, Any]) -> tuple[Authority, ...]:
    """Return the authorities that an issuer's TOML declares, each in a table ``[[zone]]``.

    Keys: ``name``, ``name_zh``, ``aid`` (hexadecimal), ``levels`` (a list of names, the last "card"; default that
    alone), ``certificate_fid``. Raises :class:`ZoneError`.
    """
    entries = plain.get("zone")
    if not isinstance(entries, list) or not entries or set(plain) != {"zone"}:
        raise ZoneError(
            "zones are declared in tables [[zone]], and nothing else", "区域用 [[zone]] 表声明,不能有其他内容"
        )
    authorities = tuple(_parsed(number, entry) for number, entry in enumerate(entries, 1))
    names = [authority.name for authority in (*AUTHORITIES, *authorities)]
    aids = [authority.aid for authority in (*AUTHORITIES, *authorities)]
    for number, authority in enumerate(authorities, 1):
        if names.count(authority.name) > 1 or aids.count(authority.aid) > 1:
            raise _wrong(number, f"{authority.name} or its AID is declared twice", f"{authority.name} 或其 AID 重复")
    return authorities


def _parsed(number: int, entry: object) -> Authority:
    if not isinstance(entry, dict):
        raise _wrong(number, "not a table", "不是表")
    for key in entry:
        if key not in _KEYS:
            raise _wrong(number, f"unknown key {key!r}", f"未知的键 {key!r}")
    name, name_zh = entry.get("name"), entry.get("name_zh", entry.get("name"))
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise _wrong(number, "name: A to Z, 0 to 9 and _, up to 16", "name:由 A-Z、0-9 与 _ 组成,至多 16 字符")
    if not isinstance(name_zh, str) or not name_zh:
        raise _wrong(number, "name_zh: a text", "name_zh:应为文本")
    levels = entry.get("levels", ["card"])
    if (
        not isinstance(levels, list)
        or not all(isinstance(level, str) for level in levels)
        or not 0 < len(levels) <= _MAX_LEVELS
        or levels[-1] != "card"
    ):
        raise _wrong(number, 'levels: one to three names, the last "card"', 'levels:一至三个名称,最后为 "card"')
    fid = entry.get("certificate_fid", _NO_STANDARD.fid)
    if isinstance(fid, bool) or not isinstance(fid, int) or not 0 < fid < 0xFFFF:
        raise _wrong(number, "certificate_fid: 0x0001 to 0xFFFE", "certificate_fid:0x0001 至 0xFFFE")
    return Authority(
        name=name,
        name_zh=name_zh,
        aid=_aid(number, entry.get("aid")),
        levels=tuple(levels),
        certificate=CertificateFile(fid=fid, stated="certificate_fid" in entry, source="the issuer's declaration"),
        source="the issuer's declaration",
    )


def _aid(number: int, value: object) -> bytes:
    try:
        aid = parse_hex(value) if isinstance(value, str) else b""
    except HexError:
        aid = b""
    if not 5 <= len(aid) <= 16:
        shown = format_hex(aid) or repr(value)
        raise _wrong(
            number, f"aid: 5 to 16 bytes in hexadecimal, not {shown}", f"aid:5 至 16 字节十六进制,而不是 {shown}"
        )
    return aid


def _wrong(number: int, en: str, zh: str) -> ZoneError:
    return ZoneError(f"zone {number}: {en}", f"第 {number} 个区域:{zh}")
