"""Where keys come from: the TEST keys, whose values cards depend on, and those of a keystore."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.errors import KeyringError, KeysError, KeystoreDamagedError
from keys.keyring import RootId, StoredKeyring, TestKeyring
from keys.keyring_plain import decode_keyring, encode_keyring
from keys.pki import verify_chain
from keys.tree import TestRoots, ZoneId
from tests.unit.keys.chains import CARD_ID, CARD_TIME, HRSS, LONG, NOW

if TYPE_CHECKING:
    from collections.abc import Callable

RK = RootId("HRSS/SSSE/RK", 0, "DES")


def counting() -> Callable[[int], bytes]:
    """Return a source of bytes that repeats from run to run."""
    state = 0

    def entropy(size: int) -> bytes:
        nonlocal state
        state += 1
        return bytes((state,)) * size

    return entropy


def stored() -> StoredKeyring:
    entropy = counting()
    return StoredKeyring("lab").rotated("HRSS", entropy).with_authority(HRSS, LONG, entropy)


# --- TEST ---


def test_the_test_roots_never_change() -> None:
    """Cards in the world were made with these: sha256("cardsim TEST root HRSS/SSSE/RK 0"), by sha256sum."""
    assert TestRoots().root("HRSS/SSSE/RK", 0).hex() == "29909c0fa79872bc82522739c8ce0f33"
    assert TestRoots("SM4").root("HRSS/SSSE/RK", 0).hex() == "4dbd42d908eb111ea8e55ea68a3e43ff"
    assert TestKeyring().roots().root("HRSS/SSSE/RK", 0) == TestRoots().root("HRSS/SSSE/RK", 0)


def test_the_test_authorities_are_the_same_everywhere() -> None:
    authority = TestKeyring().authority(HRSS)
    assert authority.root.certificate.name == "CN=cardsim TEST HRSS root CA,O=cardsim TEST,C=CN"
    assert authority.root.certificate.serial == 0x18C9585169BCA8CA3770CFDE2AF32EEF
    assert authority.ca.certificate.serial == 0x355B6DBA6664E96A5B3727573B34F37B
    assert authority.personalised(CARD_ID, CARD_TIME).certificate.serial == 0x4740EE413C75B6C0310BB7E03DD2DEDB


def test_every_zone_has_a_test_authority_of_its_own() -> None:
    """One that nobody has heard of as well."""
    zones = [HRSS, ZoneId("FINANCE", bytes.fromhex("A000000333010101")), ZoneId("LIBRARY", b"library")]
    authorities = [TestKeyring().authority(zone) for zone in zones]
    assert len({authority.ca.key for authority in authorities}) == len(zones)
    for authority in authorities:
        card = authority.personalised(bytes(16), CARD_TIME)
        assert verify_chain(authority.root.certificate, (*authority.chain, card.certificate), at=NOW)


# --- stored ---


def test_roots_follow_from_the_master() -> None:
    keyring = stored()
    names = ("HRSS/SSSE/RK", "HRSS/SSSE/UK", "HRSS/DF99/DECLARED_LATER")
    keys = {keyring.roots(algorithm).root(name, 0) for algorithm in ("DES", "SM4") for name in names}
    assert len(keys) == 6
    assert all(len(key) == 16 for key in keys)
    other = StoredKeyring("lab").rotated("HRSS")
    assert other.roots().root("HRSS/SSSE/RK", 0) not in keys


def test_rotation_adds_a_version_and_keeps_the_others() -> None:
    keyring = stored()
    rotated = keyring.rotated("HRSS")
    assert (keyring.versions("HRSS"), rotated.versions("HRSS")) == ((0,), (0, 1))
    assert rotated.root(RK) == keyring.root(RK)
    assert rotated.root(RK._replace(version=1)) != keyring.root(RK)
    assert rotated.seed("HRSS", "x") == keyring.seed("HRSS", "x")
    assert keyring.rotated("LIBRARY").versions("LIBRARY") == (0,)


def test_at_most_256_versions() -> None:
    keyring = StoredKeyring("lab", {"HRSS": {255: bytes(32)}})
    with pytest.raises(KeyringError, match="versions"):
        keyring.rotated("HRSS")


def test_the_versions_of_a_root_key() -> None:
    irk = "HRSS/SSSE/IRK"
    assert TestKeyring().versions_of(irk, "DES") == (0, 1, 2, 3)
    keyring = StoredKeyring("tests").rotated("HRSS").with_root(RootId(irk, 2, "SM4"), bytes(16))
    assert [keyring.versions_of(irk, name) for name in ("DES", "SM4")] == [(0,), (0, 2)]
    assert keyring.versions_of("HRSS/SSSE/RK", "SM4") == (0,)
    assert keyring.versions_of("PKI/DF01/MK", "SM4") == ()


def test_imported_roots() -> None:
    keyring = stored().with_root(RK, bytes(range(16)))
    assert keyring.roots().root(RK.name, 0) == bytes(range(16))
    assert keyring.roots("SM4").root(RK.name, 0) == stored().roots("SM4").root(RK.name, 0)
    with pytest.raises(KeyringError, match="imported before"):
        keyring.with_root(RK, bytes(16))
    assert keyring.with_root(RK, bytes(16), again=True).root(RK) == bytes(16)
    with pytest.raises(KeysError, match="16 bytes"):
        keyring.with_root(RK, bytes(15))
    with pytest.raises(KeyringError, match="no symmetric algorithm"):
        keyring.with_root(RK._replace(algorithm="AES"), bytes(16))


def test_what_a_keyring_does_not_have() -> None:
    keyring = stored()
    with pytest.raises(KeyringError, match="no version 7 of HRSS/SSSE/RK; it has 0"):
        keyring.roots().root("HRSS/SSSE/RK", 7)
    with pytest.raises(KeyringError, match="no keys of zone FINANCE"):
        keyring.roots().root("FINANCE/X", 0)
    for ask in (
        lambda: keyring.authority(ZoneId("FINANCE", b"")),
        lambda: keyring.seed("FINANCE", "x"),
        lambda: keyring.authority(ZoneId("HRSS", b"another application")),
        lambda: keyring.roots("AES"),
    ):
        with pytest.raises(KeyringError):
            ask()


def test_a_new_ca_below_the_same_root() -> None:
    keyring = stored()
    renewed = keyring.with_authority(HRSS, LONG)
    before, after = keyring.authority(HRSS), renewed.authority(HRSS)
    assert after.root == before.root
    assert after.ca.certificate.name == "CN=lab HRSS CA 2,O=lab,C=CN"
    card = after.personalised(CARD_ID, CARD_TIME).certificate
    assert verify_chain(before.root.certificate, (after.ca.certificate, card), at=NOW)
    assert renewed.authorities["HRSS"][0] == before


def test_the_same_card_from_the_same_keyring() -> None:
    authority = stored().authority(HRSS)
    assert authority.personalised(CARD_ID, CARD_TIME) == stored().authority(HRSS).personalised(CARD_ID, CARD_TIME)
    assert authority.card_key(CARD_ID) != authority.card_key(bytes(16))


# --- as JSON ---


def test_a_keyring_comes_back() -> None:
    keyring = stored().rotated("LIBRARY").with_authority(HRSS, LONG).with_root(RK, bytes(range(16)))
    assert decode_keyring(encode_keyring(keyring)) == keyring
    assert decode_keyring(encode_keyring(StoredKeyring("空"))) == StoredKeyring("空")


@given(st.data())
def test_a_damaged_keyring_is_a_keyring_or_our_error(data: st.DataObject) -> None:
    raw = bytearray(encode_keyring(stored()))
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.sampled_from(b'0"{}[],:ax\xff'))
    try:
        decode_keyring(bytes(raw))
    except KeystoreDamagedError:
        return


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"3", b"[" * 100_000])
def test_no_keyring(raw: bytes) -> None:
    with pytest.raises(KeystoreDamagedError):
        decode_keyring(raw)


def test_keys_stay_out_of_texts() -> None:
    keyring = stored()
    assert repr(keyring) == "StoredKeyring(label='lab')"
    assert keyring.masters["HRSS"][0].hex() not in repr(keyring.authority(HRSS))
    assert keyring.authority(HRSS).ca.key.hex() not in repr(keyring.authority(HRSS))
