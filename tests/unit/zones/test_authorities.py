"""Each zone's authority, the built-in ones and those that an issuer declares."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cardsim.errors import ZoneError
from cardsim.zones import authorities
from cardsim.zones.authorities import AUTHORITIES, CertificateForm, find_authority, parse_authorities
from cardsim.zones.factors import declared_keys
from cardsim.zones.hrss import HRSS
from keys.keyring import TestKeyring
from keys.pki import Period, verify_chain

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LIBRARY = {"name": "LIBRARY", "name_zh": "图书馆", "aid": "D1560000FF01", "levels": ["city", "card"]}


def test_the_zones_of_the_handbook() -> None:
    assert [(zone.name, zone.aid.hex().upper(), len(zone.levels)) for zone in AUTHORITIES] == [
        ("HRSS", "7378312E73682EC9E7BBE1B1A3D5CF", 3),
        ("PKI", "504B492EC9E7BBE1B1A3D5CF", 3),
        ("FINANCE", "A000000333010101", 1),
        ("TRANSIT", "A000000632010105", 2),
        ("CAMPUS", "D156000001BDF0CACBB4EFD6A7B8B6", 1),
        ("HEALTH", "7378312E73682EBED3C3F1BDA1BFB5", 2),
    ]
    assert authorities.FINANCE.form is CertificateForm.PBOC


def test_the_hrss_zone_names_its_authority() -> None:
    assert HRSS.authority is authorities.HRSS
    assert (HRSS.name, HRSS.name_zh, HRSS.application.aid) == ("HRSS", "人力资源社会保障", authorities.HRSS.aid)
    keys = declared_keys(HRSS.authority)
    assert "HRSS/SSSE/RK" in {key.name for key in keys}
    assert all(key.levels <= len(HRSS.authority.levels) for key in keys)
    assert declared_keys(authorities.TRANSIT) == ()


def test_where_the_certificate_stands() -> None:
    """A FID that a source states is fixed; another is a setting."""
    assert authorities.PKI.certificate_fid() == authorities.PKI.certificate_fid(0xEF33) == 0x0018
    assert authorities.HRSS.certificate_fid() == 0xEF0E
    assert authorities.HRSS.certificate_fid(0xEF33) == 0xEF33
    assert authorities.FINANCE.certificate_fid(0xEF33) is None


def test_a_zone_declared_later_has_keys_and_a_certificate() -> None:
    (library,) = parse_authorities({"zone": [LIBRARY]})
    assert library.certificate_fid(1) == 1
    keyring = TestKeyring()
    assert len(keyring.roots("SM4").root("LIBRARY/DOOR", 0)) == 16
    authority = keyring.authority(library.zone_id)
    card = authority.personalised(bytes(16), Period(NOW, NOW.replace(year=2030))).certificate
    chain = (*authority.chain, card)
    assert verify_chain(authority.root.certificate, chain, at=NOW, zone=library.aid)


def test_an_issuer_s_fid_is_stated() -> None:
    (library,) = parse_authorities({"zone": [LIBRARY | {"certificate_fid": 0xEF44}]})
    assert library.certificate_fid(1) == 0xEF44


def test_found_in_any_case() -> None:
    assert find_authority("hrss") is authorities.HRSS
    with pytest.raises(ZoneError, match="no zone 'library'; there are HRSS, PKI"):
        find_authority("library")
    assert find_authority("library", parse_authorities({"zone": [LIBRARY]})).name_zh == "图书馆"


@pytest.mark.parametrize(
    ("plain", "message"),
    [
        ({}, r"\[\[zone\]\]"),
        ({"zone": {}}, r"\[\[zone\]\]"),
        ({"zone": [LIBRARY], "more": 1}, r"\[\[zone\]\]"),
        ({"zone": [1]}, "zone 1: not a table"),
        ({"zone": [LIBRARY, LIBRARY]}, "declared twice"),
        ({"zone": [LIBRARY | {"name": "HRSS"}]}, "declared twice"),
        ({"zone": [LIBRARY | {"aid": "A000000333010101"}]}, "declared twice"),
        ({"zone": [LIBRARY | {"name": "Library"}]}, "zone 1: name"),
        ({"zone": [LIBRARY | {"name": "A/B"}]}, "zone 1: name"),
        ({"zone": [LIBRARY | {"name_zh": ""}]}, "name_zh"),
        ({"zone": [LIBRARY | {"aid": "D156"}]}, "5 to 16 bytes"),
        ({"zone": [LIBRARY | {"aid": "XY"}]}, "5 to 16 bytes"),
        ({"zone": [LIBRARY | {"aid": 5}]}, "5 to 16 bytes"),
        ({"zone": [LIBRARY | {"levels": []}]}, "levels"),
        ({"zone": [LIBRARY | {"levels": ["card", "city"]}]}, "levels"),
        ({"zone": [LIBRARY | {"levels": ["a", "b", "c", "card"]}]}, "levels"),
        ({"zone": [LIBRARY | {"certificate_fid": 0x3FFFF}]}, "certificate_fid"),
        ({"zone": [LIBRARY | {"certificate_fid": True}]}, "certificate_fid"),
        ({"zone": [LIBRARY | {"fid": 1}]}, "unknown key 'fid'"),
    ],
)
def test_declarations_that_are_none(plain: dict[str, Any], message: str) -> None:
    with pytest.raises(ZoneError, match=message):
        parse_authorities(plain)
