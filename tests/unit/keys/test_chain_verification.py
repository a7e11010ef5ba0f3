"""Each reason for refusing a chain, with a chain that has nothing else against it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from keys.errors import KeysError
from keys.pki import Certificate, Signer, ZoneBinding, check_list, der, distinguished_name, verify_chain
from keys.pki.errors import (
    ChainError,
    CriticalExtensionError,
    ExpiredError,
    KeyUsageError,
    NotYetValidError,
    PathLengthError,
    RevocationListError,
    RevokedError,
    WrongAuthorityError,
    WrongSignatureError,
    WrongZoneError,
)
from keys.pki.signed import signed
from tests.unit.keys.chains import (
    AUTHORITY,
    CA,
    CARD,
    FINANCE,
    HRSS,
    LONG,
    NOW,
    ROOT,
    authority,
    key,
    revoking,
    three_levels_of_authorities,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from keys.pki import RevocationList

SECOND = timedelta(seconds=1)


def refused(
    reason: type[ChainError],
    *chain: Certificate,
    root: Certificate = ROOT,
    at: datetime = NOW,
    zone: bytes | None = None,
    lists: tuple[RevocationList, ...] = (),
) -> ChainError:
    with pytest.raises(ChainError) as caught:
        verify_chain(root, chain, at=at, zone=zone, lists=lists)
    assert type(caught.value) is reason
    assert caught.value.text.zh
    return caught.value


def rebuilt(certificate: Certificate, signer: Signer, change: Callable[[der.TbsCertificate], None]) -> Certificate:
    """Return ``certificate`` with something changed, signed anew by ``signer``."""
    contents = der.decode(der.TbsCertificate, certificate.envelope.contents, "", "")
    change(contents)
    return Certificate(signed(der.encode(contents), signer.key))


def flipped(certificate: Certificate, at: int) -> bytes:
    raw = bytearray(certificate)
    raw[at // 8] ^= 1 << at % 8
    return bytes(raw)


def test_a_good_chain_is_told_step_by_step() -> None:
    steps = verify_chain(ROOT, (CA, CARD.certificate), at=NOW, lists=(revoking(),))
    assert [step.certificate for step in steps] == [ROOT, CA, CARD.certificate]
    assert [step.checked.en for step in steps] == [
        "signed by itself, valid",
        "signed by CN=tests HRSS root CA,O=tests,C=CN, valid",
        "signed by CN=tests HRSS CA 1,O=tests,C=CN, valid, not revoked",
    ]


@given(st.integers(0, 8 * len(CARD.certificate) - 1))
def test_a_changed_bit(at: int) -> None:
    """Whatever bit: the certificate is no certificate any more, or the chain is refused."""
    with pytest.raises(KeysError):
        verify_chain(ROOT, (CA, Certificate(flipped(CARD.certificate, at))), at=NOW)


def test_a_changed_bit_in_the_name() -> None:
    at = 8 * bytes(CARD.certificate).index(b"HRSS card")
    error = refused(WrongSignatureError, CA, Certificate(flipped(CARD.certificate, at)))
    assert "something was changed" in str(error)


def test_a_changed_bit_in_the_signature() -> None:
    refused(WrongSignatureError, CA, Certificate(flipped(CARD.certificate, 8 * (len(CARD.certificate) - 1))))


def test_a_root_that_was_changed() -> None:
    at = 8 * bytes(ROOT).rindex(b"tests HRSS root") + 1
    changed = Certificate(flipped(ROOT, at))
    refused(WrongAuthorityError, root=changed)  # its subject is not its issuer any more
    both = Certificate(bytes(ROOT).replace(b"tests HRSS root", b"guest HRSS root"))
    refused(WrongSignatureError, root=both)


def test_times() -> None:
    chain = (CA, CARD.certificate)
    assert verify_chain(ROOT, chain, at=CARD.certificate.not_before)
    assert verify_chain(ROOT, chain, at=CARD.certificate.not_after)
    error = refused(NotYetValidError, *chain, at=CARD.certificate.not_before - SECOND)
    assert str(error).endswith("valid only from 2024-01-01 00:00:00 UTC")
    error = refused(ExpiredError, *chain, at=CARD.certificate.not_after + SECOND)
    assert str(error).endswith("valid only until 2034-01-01 23:59:59 UTC")
    refused(ExpiredError, CA, at=CA.not_after + SECOND)


def test_the_wrong_zone() -> None:
    other = authority(FINANCE)
    assert verify_chain(other.root.certificate, other.chain, at=NOW, zone=FINANCE.aid)
    error = refused(WrongZoneError, *other.chain, root=other.root.certificate, zone=HRSS.aid)
    assert "bound to zone A000000333010101" in str(error)


def test_a_card_of_another_zone_below_this_zone_s_authority() -> None:
    name = distinguished_name("tests", "card")
    for binding in (ZoneBinding(FINANCE.aid, bytes(16)), ZoneBinding(HRSS.aid[:-1])):
        refused(WrongZoneError, CA, AUTHORITY.ca.card(key("card").public, name, LONG, binding))


def test_a_certificate_without_a_binding() -> None:
    def unbound(contents: der.TbsCertificate) -> None:
        contents.extensions = (contents.extensions or [])[:-1]

    refused(WrongZoneError, CA, rebuilt(CARD.certificate, AUTHORITY.ca, unbound))


def test_another_authority() -> None:
    other = authority(FINANCE)
    error = refused(WrongAuthorityError, CA, other.personalised(bytes(16), LONG).certificate)
    assert "issued by CN=tests FINANCE CA 1" in str(error)
    refused(WrongAuthorityError, *other.chain)


def test_an_authority_of_the_same_name_with_another_key() -> None:
    twin = authority(seed=" of somebody else")
    error = refused(WrongAuthorityError, CA, twin.personalised(bytes(16), LONG).certificate)
    assert "of the same name with another key" in str(error)

    def anonymous(contents: der.TbsCertificate) -> None:
        contents.extensions = [
            entry for entry in contents.extensions or [] if entry.oid != x509.AuthorityKeyIdentifier.oid
        ]

    refused(WrongSignatureError, CA, rebuilt(twin.personalised(bytes(16), LONG).certificate, twin.ca, anonymous))


def test_revoked() -> None:
    lists = (revoking(CARD.certificate, since=NOW - SECOND),)
    error = refused(RevokedError, CA, CARD.certificate, lists=lists)
    assert str(error).endswith("revoked on 2026-06-01 11:59:59 UTC")
    refused(RevokedError, CA, CARD.certificate, lists=(revoking(CA, signer=AUTHORITY.root),))


def test_another_card_s_revocation() -> None:
    other = AUTHORITY.personalised(bytes(16), LONG).certificate
    assert verify_chain(ROOT, (CA, CARD.certificate), at=NOW, lists=(revoking(other),))


def test_lists_that_prove_nothing() -> None:
    chain = (CA, CARD.certificate)
    refused(RevocationListError, *chain, lists=(revoking(since=NOW - 2 * SECOND, until=NOW - SECOND),))
    refused(RevocationListError, *chain, lists=(revoking(since=NOW + SECOND),))
    twin = authority(seed=" of somebody else")
    refused(RevocationListError, *chain, lists=(revoking(signer=twin.ca),))


def test_too_many_authorities() -> None:
    root, first, second, card = three_levels_of_authorities()
    assert verify_chain(root, (first, second), at=NOW)
    error = refused(PathLengthError, first, second, card, root=root)
    assert "at most 1 authorities may follow below it, 2 do" in str(error)


def test_a_card_is_no_authority() -> None:
    name, binding = distinguished_name("tests", "x"), ZoneBinding(HRSS.aid)
    card = Signer(AUTHORITY.root.card(key("x").public, name, LONG, binding), key("x"))
    refused(KeyUsageError, card.certificate, card.card(key("y").public, name, LONG, binding))


def usage(*, signs: bool, signs_certificates: bool) -> der.Extension:
    bits = x509.KeyUsage(signs, False, True, False, False, signs_certificates, False, False, False)
    return der.Extension(oid=bits.oid, critical=True, value=bits.public_bytes())


def test_keys_for_something_else() -> None:
    def enciphering(contents: der.TbsCertificate) -> None:
        contents.extensions = [
            usage(signs=False, signs_certificates=False) if entry.oid == x509.KeyUsage.oid else entry
            for entry in contents.extensions or []
        ]

    refused(KeyUsageError, CA, rebuilt(CARD.certificate, AUTHORITY.ca, enciphering))
    ca = rebuilt(CA, AUTHORITY.root, enciphering)
    refused(KeyUsageError, ca, CARD.certificate)
    with pytest.raises(RevocationListError, match="may issue"):
        check_list(revoking(signer=Signer(CARD.certificate, CARD.key)), CARD.certificate, NOW)


def test_an_unknown_critical_extension() -> None:
    def critical(contents: der.TbsCertificate) -> None:
        oid = x509.ObjectIdentifier("1.2.3.4")
        contents.extensions = [*(contents.extensions or []), der.Extension(oid=oid, critical=True, value=b"\x05\x00")]

    error = refused(CriticalExtensionError, CA, rebuilt(CARD.certificate, AUTHORITY.ca, critical))
    assert "1.2.3.4" in str(error)
