"""PBOC certificates: the published chain (facts finance-zone 3.8, 4.5), and each format built, recovered, refused."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateNumbers, RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.errors import KeysError
from keys.keyring import TestKeyring
from keys.pboc import rsa, sm2
from keys.pboc.authority import PbocAuthority
from keys.pboc.subject import PbocError, PbocSignatureError, Subject
from keys.rsa import RsaError, RsaPrivateKey, RsaPublicKey
from keys.sm2 import DerivedNonces, PrivateKey, PublicKey

if TYPE_CHECKING:
    from pathlib import Path

CA_57: Final = PublicKey.parse(
    bytes.fromhex(
        "E8105E77861FD2EB727C84E36D3D4A5666BD0ADCE8781F0145D3D82D72B92748"
        "E22D5404C6C41F3EC8B790DE2F61CF29FAECB168C79F5C8666762D53CC26A460"
    )
)
HEAD_90: Final = (
    "12622800011220000001040011409F483BF2CC71C5093728318061E3F768EA7C170F82DD8C4B979FBD8C76A129F9"
    "3FB5746E96F5E49B987FFB521E473B25E1B017C30BE3FC638BA14D5FA4AADC16"
)
TAG_90: Final = bytes.fromhex(
    HEAD_90 + "73DF81BF5CC82AABB7CF3C9165EDEEA2EC0CCC56AB19F1661E012CD33D4BFBEC"
    "55A88990EB25B4A4058C8E4B11C1F9EA2055E403CA76AC8A991DE80A35BED348"
)
ANOTHER_90: Final = bytes.fromhex(
    HEAD_90 + "B1E1A02ED62D811268C4A2123CD8B26690BCE14BB7A01713C01C2D2FF2892D15"
    "96A7D9D131C73813C3A3D6F851DCDA917E986923F98DD2444ADC8EF0D0CE1E2A"
)
STATIC: Final = bytes.fromhex("5A0862280001000011175F24033012315F25039507019F08020030")
TAG_93: Final = bytes.fromhex(
    "13DAC197C8713D8B0670C48847895875D6B153C3539172A493B51C6966F4048560FAD0"
    "7290AF31A0B14D9759197E3BAFA805A5E3FFCCCA036B783B32076CD713C30C5F"
)
CARD_A: Final = bytes.fromhex(
    "146228000100001117FFFF122000000104000440"
    "173A31DD681C6F8FE3BA6C354AD3924A4ADFD15EB0581BC1B37A1EB1C88DA29B"
    "47155F62FCF4CCCD201B134351A049D77E81F6A6C66E9CB32664F41348DA11F6"
    "A1D4F35659452064382C2CAD8D74041C9CAC2A10C663F4030C2759E36B770B20"
    "68C6FD95B195BD6FD3C4F4A42009AB9DCE81BFB9C2D04DD39E059E562E9D172E"
)
CARD_B: Final = bytes.fromhex(
    "146228000100001117FFFF122000000104000440"
    "C3AC12B81B9D175936B5BF72BB8FE3A2266BC013B2E94F5837F16AA1C01AA732"
    "3B75626AB64D02AED20CC6F440841F10EE6873BCBEA3F41D6869D0FEADD71154"
    "7817D243286F51A55694D3C728191F067A6C194B4B20C558A97565C5B9BFDB46"
    "D2E53C0F5DDC7C808BD0DB8C770DCA9B6F626BF5ECE8EA98EA7F758783CAF310"
)
KEYS: Final = {
    CARD_A: "AAF8CE02045DD01619D689EE731C551159BE7EB2D51A372FF56B556E5CB2FDE3",
    CARD_B: "4EFF3E9B796688F38E006DEB21E101C01028903A06023AC5AAB8635F8E307A53",
}
CA_18_RECORD: Final = bytes.fromhex(
    "3101010000A000000333181230041140"
    "37710FEB7CC3617767874E85509C268E8F931D68773E93A89F39A4247DFE2D28"
    "0FC5BC838353885B6DAD447C8F90116BD9D314047591989F67F319544D42A48B"
    "DBDA8F27CF839323920DF931DC51943AE26A376F7EB2529F7233230B63CE15AB"
    "A76C1E508DA4A98675A2B522D2722BDF5CD93953973F241F568B282BB66CECDD"
)
MODULUS_0A: Final = int(
    "B2AB1B6E9AC55A75ADFD5BBC34490E53C4C3381F34E60E7FAC21CC2B26DD34462B64A6FAE2495ED1DD383B8138BEA100"
    "FF9B7A111817E7B9869A9742B19E5C9DAC56F8B8827F11B05A08ECCF9E8D5E85B0F7CFA644EFF3E9B796688F38E006DE"
    "B21E101C01028903A06023AC5AAB8635F8E307A53AC742BDCE6A283F585F48EF",
    16,
)
PAN: Final = "6228000100001117"
ISSUER: Final = Subject("62280001", (2030, 12), bytes.fromhex("000001"))
CARD: Final = Subject(PAN, (2030, 12), bytes.fromhex("000002"))
NONCES: Final = DerivedNonces()


# --- published: SM2 ---


def test_the_published_issuer_certificate() -> None:
    for raw in (TAG_90, ANOTHER_90):
        found = sm2.verify_issuer(CA_57, raw)
        assert found.subject == Subject("62280001", (2020, 12), bytes.fromhex("000001"))
        assert found.parameters == 0x11
        assert found.key.x.hex().upper().startswith("9F483BF2CC71C509")


@pytest.mark.parametrize("raw", KEYS)
def test_the_published_card_certificates(raw: bytes) -> None:
    issuer = sm2.verify_issuer(CA_57, TAG_90).key
    found = sm2.verify_card(issuer, raw, STATIC)
    assert found.subject == Subject(PAN, (2020, 12), bytes.fromhex("000001"))
    assert found.parameters == 0x04
    assert found.key == PrivateKey(bytes.fromhex(KEYS[raw])).public


def test_the_published_static_signature() -> None:
    issuer = sm2.verify_issuer(CA_57, TAG_90).key
    assert sm2.verify_static(issuer, TAG_93, STATIC) == bytes.fromhex("DAC1")
    with pytest.raises(PbocSignatureError):
        sm2.verify_static(issuer, TAG_93, STATIC + b"\x5c\x00")


def test_the_published_ca_record() -> None:
    rid, index, key = sm2.verify_ca_record(CA_18_RECORD)
    assert (rid.hex().upper(), index) == ("A000000333", 0x18)
    assert key.x.hex().upper().startswith("37710FEB")


def test_the_same_certificate_built() -> None:
    """All but the signature, whose nonce is not published."""
    found = sm2.verify_card(sm2.verify_issuer(CA_57, TAG_90).key, CARD_A, STATIC)
    built = sm2.card_certificate(PrivateKey.derive(b"issuer"), found.subject, found.key, STATIC)
    assert built[:-64] == CARD_A[:-64]


@given(st.integers(0, 8 * len(CARD_A) - 1))
def test_a_changed_bit_in_a_published_certificate(at: int) -> None:
    raw = bytearray(CARD_A)
    raw[at // 8] ^= 1 << at % 8
    with pytest.raises(KeysError):
        sm2.verify_card(sm2.verify_issuer(CA_57, TAG_90).key, bytes(raw), STATIC)


# --- published: RSA ---


def test_the_published_checksum_of_a_ca_key() -> None:
    found = rsa.checksum(bytes.fromhex("A000000333"), 0x0A, RsaPublicKey(MODULUS_0A))
    assert found.hex().upper() == "C88BE6B2417C4F941C9371EA35A377158767E4E3"


# --- built and verified ---


def test_sm2_there_and_back() -> None:
    ca, issuer, card = (PrivateKey.derive(name) for name in (b"ca", b"issuer", b"card"))
    tag_90 = sm2.issuer_certificate(ca, ISSUER, issuer.public, nonces=NONCES)
    assert (len(tag_90), tag_90[:14].hex().upper()) == (142, "1262280001123000000104001140")
    assert sm2.verify_issuer(ca.public, tag_90) == sm2.Sm2Certificate(ISSUER, issuer.public, 0x11)
    tag_9f46 = sm2.card_certificate(issuer, CARD, card.public, STATIC, nonces=NONCES)
    assert len(tag_9f46) == 148
    assert sm2.verify_card(issuer.public, tag_9f46, STATIC).key == card.public
    tag_93 = sm2.signed_static(issuer, b"\xda\xc1", STATIC, nonces=NONCES)
    assert len(tag_93) == 67
    assert sm2.verify_static(issuer.public, tag_93, STATIC) == b"\xda\xc1"
    assert sm2.issuer_certificate(ca, ISSUER, issuer.public, nonces=NONCES) == tag_90


@given(st.binary(max_size=60), st.binary(max_size=40))
def test_sm2_dynamic_data(data: bytes, terminal: bytes) -> None:
    card = PrivateKey.derive(b"card")
    raw = sm2.signed_dynamic(card, data, terminal)
    assert raw[: 2 + len(data)] == bytes((0x15, len(data))) + data
    assert sm2.verify_dynamic(card.public, raw, terminal) == data
    with pytest.raises(PbocSignatureError):
        sm2.verify_dynamic(card.public, raw, terminal + b"\x00")


CA_KEY: Final = RsaPrivateKey.derive(b"ca", 1152)
ISSUER_KEY: Final = RsaPrivateKey.derive(b"issuer", 1024, 65537)
CARD_KEY: Final = RsaPrivateKey.derive(b"card", 768)
SMALL_KEY: Final = RsaPrivateKey.derive(b"small", 512)


def test_a_recovered_block_byte_by_byte() -> None:
    """6A, 02, issuer, expiry, serial, SHA-1, RSA, lengths, leftmost digits, hash, BC (EMV Book 2, table 6)."""
    made = rsa.issuer_certificate(CA_KEY, ISSUER, ISSUER_KEY.public)
    block = CA_KEY.public.recover(made.certificate)
    assert block[:15].hex().upper() == "6A0262280001123000000101018003"
    assert block[15:-21] + made.remainder == ISSUER_KEY.public.modulus_bytes
    assert len(made.remainder) == 128 - (144 - 36)
    assert made.exponent == b"\x01\x00\x01"
    assert block[-1] == 0xBC


@pytest.mark.parametrize(("key", "remains"), [(CARD_KEY, 10), (SMALL_KEY, 0), (ISSUER_KEY, 42)])
def test_rsa_there_and_back(key: RsaPrivateKey, remains: int) -> None:
    issuer = rsa.recover_issuer(CA_KEY.public, rsa.issuer_certificate(CA_KEY, ISSUER, ISSUER_KEY.public))
    assert issuer == rsa.RecoveredKey(ISSUER, ISSUER_KEY.public)
    made = rsa.card_certificate(ISSUER_KEY, CARD, key.public, STATIC)
    assert len(made.remainder) == remains
    assert rsa.recover_card(issuer.key, made, STATIC) == rsa.RecoveredKey(CARD, key.public)
    with pytest.raises(PbocSignatureError, match="hash"):
        rsa.recover_card(issuer.key, made, STATIC[:-1])
    with pytest.raises(PbocSignatureError, match="6A 04"):
        rsa.recover_card(CARD_KEY.public, replace(made, certificate=bytes(96)), STATIC)
    with pytest.raises(PbocError):
        rsa.recover_card(issuer.key, replace(made, exponent=b"\x01\x00\x01\x01"), STATIC)
    with pytest.raises(PbocError):
        rsa.recover_card(issuer.key, replace(made, remainder=made.remainder + b"\x00"), STATIC)


def test_rsa_static_and_dynamic_signatures() -> None:
    tag_93 = rsa.signed_static(ISSUER_KEY, b"\xda\xc1", STATIC)
    assert rsa.recover_static(ISSUER_KEY.public, tag_93, STATIC) == b"\xda\xc1"
    tag_9f4b = rsa.signed_dynamic(CARD_KEY, b"\x02\x00\x07", b"\x01\x02\x03\x04")
    assert rsa.recover_dynamic(CARD_KEY.public, tag_9f4b, b"\x01\x02\x03\x04") == b"\x02\x00\x07"
    with pytest.raises(PbocSignatureError):
        rsa.recover_dynamic(CARD_KEY.public, tag_9f4b, b"\x01\x02\x03\x05")
    with pytest.raises(PbocSignatureError):
        rsa.recover_static(ISSUER_KEY.public, rsa.signed_dynamic(ISSUER_KEY, b"", STATIC), STATIC)
    with pytest.raises(PbocError, match="do not fit"):
        rsa.signed_dynamic(CARD_KEY, bytes(72), b"")


@given(st.binary(min_size=96, max_size=96), st.binary(max_size=20))
def test_any_block_is_our_error(raw: bytes, more: bytes) -> None:
    with pytest.raises(PbocError):
        rsa.recover_card(CARD_KEY.public, rsa.RsaCertificate(raw, more, b"\x03"), b"")
    with pytest.raises(PbocError):
        rsa.recover_dynamic(CARD_KEY.public, raw, more)


# --- the authority ---


def test_a_card_of_the_test_authority() -> None:
    authority = PbocAuthority(lambda purpose: TestKeyring().seed("FINANCE", purpose))
    by_rsa, by_sm2 = authority.rsa_card(PAN, (2030, 12), STATIC), authority.sm2_card(PAN, (2030, 12), STATIC)
    issuer = rsa.recover_issuer(authority.rsa_ca.public, by_rsa.issuer)
    assert issuer.subject.number == "62280001"
    card = rsa.recover_card(issuer.key, by_rsa.card, STATIC)
    assert (card.subject.number, card.key) == (PAN, by_rsa.key.public)
    assert list(by_rsa.tags) == ["90", "92", "9F32", "9F46", "9F48", "9F47"]
    public = sm2.verify_issuer(authority.sm2_ca.public, by_sm2.issuer).key
    assert sm2.verify_card(public, by_sm2.card, STATIC).key == by_sm2.key.public
    again = PbocAuthority(lambda purpose: TestKeyring().seed("FINANCE", purpose))
    assert again.sm2_card(PAN, (2030, 12), STATIC) == by_sm2
    assert again.rsa_card(PAN, (2030, 12), STATIC) == by_rsa
    with pytest.raises(PbocError):
        authority.sm2_card("6228 0001", (2030, 12), STATIC)


# --- whose key ---


def test_whose_certificate_and_until_when() -> None:
    ISSUER.check(PAN, date(2030, 12, 31))
    with pytest.raises(PbocError, match="expired in 2030-12"):
        ISSUER.check(PAN, date(2031, 1, 1))
    with pytest.raises(PbocError, match="not for 6217"):
        ISSUER.check("6217000100001117", date(2030, 1, 1))


@given(
    st.text("0123456789", min_size=3, max_size=20),
    st.integers(2000, 2099),
    st.integers(1, 12),
    st.binary(min_size=3, max_size=3),
)
def test_a_subject_comes_back(number: str, year: int, month: int, serial: bytes) -> None:
    subject = Subject(number, (year, month), serial)
    assert Subject.decode(subject.encode(10)) == subject


@pytest.mark.parametrize(
    "subject",
    [
        Subject("123456789", (2030, 1), bytes(3)),
        Subject("12A4", (2030, 1), bytes(3)),
        Subject("6228", (1999, 1), bytes(3)),
    ],
)
def test_subjects_that_no_certificate_can_say(subject: Subject) -> None:
    with pytest.raises(PbocError):
        subject.encode(4)


@given(st.binary(min_size=9, max_size=9))
def test_any_subject_is_one_or_our_error(raw: bytes) -> None:
    try:
        assert Subject.decode(raw).encode(4) == raw
    except PbocError:
        return


# --- the keys themselves ---


@settings(max_examples=20)
@given(st.binary(min_size=63, max_size=63))
def test_rsa_blocks_there_and_back(rest: bytes) -> None:
    block = b"\x00" + rest
    assert SMALL_KEY.public.recover(SMALL_KEY.sign(block)) == block


def test_derived_keys() -> None:
    again = RsaPrivateKey.derive(b"small", 512)
    assert again == SMALL_KEY
    assert again.public.modulus.bit_length() == 512
    assert SMALL_KEY.public.exponent == 3
    assert str(SMALL_KEY.p) not in repr(SMALL_KEY)


def test_keys_and_blocks_that_are_none() -> None:
    with pytest.raises(RsaError):
        RsaPublicKey(MODULUS_0A + 1)
    with pytest.raises(RsaError):
        RsaPrivateKey(7, 13)
    with pytest.raises(RsaError):
        SMALL_KEY.sign(bytes(63))
    with pytest.raises(RsaError):
        SMALL_KEY.public.recover(b"\xff" * 64)


# --- against the openssl command ---


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl command")
def test_openssl_signs_a_certificate_put_together_by_hand(tmp_path: Path) -> None:
    """EMV Book 2, 6.1: the block from literals and hashlib, the power from OpenSSL; ours only recovers."""
    p, q, e = ISSUER_KEY.p, ISSUER_KEY.q, ISSUER_KEY.exponent
    d = pow(e, -1, (p - 1) * (q - 1))
    numbers = RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), RSAPublicNumbers(e, p * q))
    plain = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(numbers.private_key().private_bytes(*plain))
    modulus = CARD_KEY.public.modulus_bytes
    inner = bytes.fromhex("04" + "6228000100001117FFFF" + "1230" + "000002" + "0101" + "60" + "01") + modulus[:86]
    digest = hashlib.sha1(inner + modulus[86:] + b"\x03" + STATIC, usedforsecurity=False).digest()
    (tmp_path / "block").write_bytes(b"\x6a" + inner + digest + b"\xbc")
    words = ("openssl", "pkeyutl", "-decrypt", "-inkey", "key.pem", "-pkeyopt", "rsa_padding_mode:none", "-in", "block")
    ran = subprocess.run(words, cwd=tmp_path, capture_output=True, timeout=30, check=False)
    assert ran.returncode == 0, ran
    found = rsa.recover_card(ISSUER_KEY.public, rsa.RsaCertificate(ran.stdout, modulus[86:], b"\x03"), STATIC)
    assert found == rsa.RecoveredKey(CARD, CARD_KEY.public)
    assert rsa.card_certificate(ISSUER_KEY, CARD, CARD_KEY.public, STATIC).certificate == ran.stdout
