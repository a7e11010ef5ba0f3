"""Certificates, requests, revocation lists and key files: what is in them, and bytes that are none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.errors import KeysError
from keys.pki import (
    Certificate,
    FormatError,
    Period,
    PkiError,
    Request,
    RevocationList,
    Revoked,
    Signer,
    ZoneBinding,
    distinguished_name,
    make_request,
    parse_private_key,
    parse_public_key,
    private_key_der,
    public_key_der,
)
from keys.pki.pem import PRIVATE_KEY, PUBLIC_KEY, to_pem
from keys.sm2 import PrivateKey
from tests.unit.keys.chains import AUTHORITY, CA, CARD, CARD_ID, CARD_TIME, HRSS, LONG, NOW, ROOT, key, revoking

REQUEST = make_request(key("mine"), distinguished_name("tests", "mine"), ZoneBinding(HRSS.aid, CARD_ID))
LIST = revoking(CARD.certificate)
KEY_FILE = private_key_der(key("mine"))
WHOLE = {Certificate: bytes(CARD.certificate), Request: bytes(REQUEST), RevocationList: bytes(LIST)}


def test_what_a_card_s_certificate_says() -> None:
    certificate = CARD.certificate
    assert certificate.name == ("serialNumber=639900D156000005000000017BD172E2,CN=HRSS card,O=HRSS card,C=CN")
    assert (certificate.not_before, certificate.not_after) == (CARD_TIME.not_before, CARD_TIME.not_after)
    assert certificate.public_key == CARD.key.public
    assert certificate.zone_binding == ZoneBinding(HRSS.aid, CARD_ID, (("HRSS", 0), ("HRSS/SSSE/RK", 3)))
    assert not certificate.usage.authority
    assert certificate.usage.signs
    assert not certificate.usage.signs_certificates
    assert certificate.issuer_key_id == CA.key_id
    assert certificate.serial.bit_length() <= 127


def test_the_library_reads_the_same() -> None:
    read = x509.load_der_x509_certificate(CARD.certificate)
    assert read.signature_algorithm_oid.dotted_string == "1.2.156.10197.1.501"
    assert read.serial_number == CARD.certificate.serial
    assert read.tbs_certificate_bytes == CARD.certificate.envelope.contents
    assert read.signature == CARD.certificate.envelope.signature.der


def test_authorities() -> None:
    assert ROOT.subject == ROOT.issuer
    assert (ROOT.usage.authority, ROOT.usage.path_length) == (True, 1)
    assert (CA.usage.authority, CA.usage.path_length) == (True, 0)
    assert CA.usage.signs_lists
    assert not CA.usage.signs
    assert CA.not_after == LONG.not_after  # a GeneralizedTime


def test_the_same_again() -> None:
    assert AUTHORITY.personalised(CARD_ID, CARD_TIME, (("HRSS", 0), ("HRSS/SSSE/RK", 3))) == CARD
    other = AUTHORITY.personalised(CARD_ID, LONG)
    assert other.certificate.serial != CARD.certificate.serial
    assert other.key == CARD.key


def test_pem() -> None:
    text = ROOT.pem + b"Something between them.\r\n" + CA.pem.replace(b"\n", b"\r\n")
    assert Certificate.parse_all(text) == (ROOT, CA)
    assert Certificate.parse(text) == ROOT
    assert Certificate.parse(bytes(CA)) == CA
    assert Request.parse(REQUEST.pem) == REQUEST
    assert RevocationList.parse(LIST.pem) == LIST
    with pytest.raises(FormatError, match="no CERTIFICATE stands"):
        Certificate.parse(REQUEST.pem)
    with pytest.raises(FormatError, match="damaged"):
        Certificate.parse(b"-----BEGIN CERTIFICATE-----\nAAA*\n-----END CERTIFICATE-----\n")


def test_a_request() -> None:
    assert REQUEST.public_key == key("mine").public
    assert REQUEST.zone_binding == ZoneBinding(HRSS.aid, CARD_ID)
    assert make_request(key("mine"), REQUEST.subject).zone_binding is None
    with pytest.raises(KeysError):
        Request(bytes(REQUEST[:-1]) + bytes((REQUEST[-1] ^ 1,)))


def test_a_revocation_list() -> None:
    assert (LIST.this_update, LIST.next_update, LIST.number) == (NOW, NOW.replace(year=2027), 1)
    assert LIST.revoked == {CARD.certificate.serial: Revoked(CARD.certificate.serial, NOW)}
    assert revoking().revoked == {}


def test_key_files() -> None:
    private = key("mine")
    assert parse_private_key(KEY_FILE) == private
    assert parse_private_key(to_pem(PRIVATE_KEY, KEY_FILE)) == private
    assert parse_public_key(to_pem(PUBLIC_KEY, public_key_der(private.public))) == private.public
    other = KEY_FILE.replace(bytes(private.public), bytes(key("other").public))
    with pytest.raises(FormatError, match="not that of its private key"):
        parse_private_key(other)


@given(st.binary(min_size=32, max_size=32).map(PrivateKey.derive))
@settings(max_examples=20)
def test_any_key_goes_through_its_files(private: PrivateKey) -> None:
    assert parse_private_key(private_key_der(private)) == private
    assert parse_public_key(public_key_der(private.public)) == private.public


@given(
    st.binary(min_size=1, max_size=32),
    st.binary(max_size=32),
    st.lists(st.tuples(st.text(max_size=20), st.integers(0, 255)), max_size=4),
)
def test_a_binding_comes_back(zone: bytes, card: bytes, versions: list[tuple[str, int]]) -> None:
    binding = ZoneBinding(zone, card, tuple(versions))
    assert ZoneBinding.decode(binding.encode()) == binding


@pytest.mark.parametrize("raw", ["3000", "30060400300204", "300604000400300000", "0500", ""])
def test_bindings_that_are_none(raw: str) -> None:
    with pytest.raises(FormatError):
        ZoneBinding.decode(bytes.fromhex(raw))


@pytest.mark.parametrize("kind", WHOLE)
@given(raw=st.binary(max_size=300))
def test_any_bytes_are_a_value_or_our_error(kind: type[Certificate | Request | RevocationList], raw: bytes) -> None:
    with pytest.raises(KeysError):
        kind.parse(raw)


@pytest.mark.parametrize("kind", WHOLE)
@given(data=st.data())
@settings(max_examples=300)
def test_damaged_ones_are_a_value_or_our_error(
    kind: type[Certificate | Request | RevocationList], data: st.DataObject
) -> None:
    raw = bytearray(WHOLE[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    del raw[data.draw(st.integers(len(raw) // 2, len(raw))) :]
    try:
        value = kind(bytes(raw))
    except KeysError:
        return
    assert value == bytes(raw)


@given(data=st.data())
@settings(max_examples=200)
def test_damaged_key_files_are_a_key_or_our_error(data: st.DataObject) -> None:
    raw = bytearray(KEY_FILE)
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        parse_private_key(bytes(raw))
    except KeysError:
        return


def test_what_no_certificate_can_say() -> None:
    with pytest.raises(PkiError, match="before it begins"):
        Period(NOW, NOW)
    with pytest.raises(PkiError, match="time zone"):
        Period(datetime(2024, 1, 1), datetime(2025, 1, 1, tzinfo=UTC))  # noqa: DTZ001  what is refused here
    with pytest.raises(PkiError, match="1 to 64"):
        distinguished_name("tests", "x" * 65)
    with pytest.raises(PkiError, match="not that of the certificate"):
        Signer(CA, key("other"))
