"""Off-line identification: what holds, and the reason for which each forged or unfit card fails; no PIN in vain."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.pki import Certificate, Period, Revoked
from keys.sm2 import PrivateKey, Signature, verify
from readers.connect.inprocess import connect_inprocess
from readers.errors import CardRemovedError
from readers.terminal.identify import Demand, Identification, NotThisCardError, Trust, check_proof, identify
from readers.terminal.script import run
from tests.unit.readers.fakes import FakePort
from tests.unit.readers.pki_card import (
    AUTHORITY,
    CERTIFICATE,
    CODE,
    KEY,
    NOW,
    OTHER_CODE,
    OTHER_ZONE,
    PIN,
    PkiCard,
    authority,
    issued,
)

if TYPE_CHECKING:
    from keys.pki.authority import CertificateAuthority

TRUST = Trust(AUTHORITY.root.certificate, AUTHORITY.chain)
CHALLENGE = bytes(range(32))
DEMAND = Demand(TRUST, CHALLENGE, NOW, PIN)
SIGN, VERIFY = "002A9E9A", "00200181"


def identified(card: PkiCard, demand: Demand = DEMAND) -> Identification:
    return run(identify(demand), connect_inprocess(FakePort(card), "card"))


def failure(card: PkiCard, demand: Demand = DEMAND) -> tuple[str, str]:
    """Return the step that failed, the last, and why."""
    result = identified(card, demand)
    assert not result.identified
    assert [finding.holds for finding in result.findings] == [True] * (len(result.findings) - 1) + [False]
    last = result.findings[-1]
    assert last.text.zh
    return last.step, last.text.en


def trusting(other: CertificateAuthority) -> Demand:
    return replace(DEMAND, trust=Trust(other.root.certificate, other.chain))


def test_a_genuine_card() -> None:
    result = identified(PkiCard())
    assert result.identified
    assert [finding.step for finding in result.findings] == [
        "card", "certificate", "chain", "chain", "chain", "binding", "pin", "proof"
    ]  # fmt: skip
    assert (result.card, result.certificate, result.challenge) == (CODE, CERTIFICATE, CHALLENGE)
    assert result.chain == (AUTHORITY.ca.certificate, CERTIFICATE)
    assert result.signature
    verify(KEY.public, CHALLENGE, result.signature)
    check_proof(CERTIFICATE, CHALLENGE, result.signature)


def test_a_host_sees_another_challenge_or_card() -> None:
    signature = identified(PkiCard()).signature
    assert signature
    with pytest.raises(NotThisCardError, match="altered"):
        check_proof(CERTIFICATE, CHALLENGE[:-1], signature)
    with pytest.raises(NotThisCardError, match="another card's"):
        check_proof(AUTHORITY.root.certificate, CHALLENGE, Signature(signature))


def test_a_copied_card_has_no_private_key() -> None:
    step, why = failure(PkiCard(key=None))
    assert step == "proof"
    assert "6A88" in why
    assert "no private key that works, as a copied card would" in why


def test_a_copied_certificate_with_a_key_of_its_own() -> None:
    step, why = failure(PkiCard(key=PrivateKey.derive(b"forger")))
    assert (step, why.partition(":")[0]) == ("proof", "the signature was not made with the certificate's key")


def test_a_spoilt_signature() -> None:
    assert failure(PkiCard(spoil=True))[0] == "proof"


def test_another_cards_certificate() -> None:
    card = PkiCard(certificate=issued(OTHER_CODE))
    step, why = failure(card)
    assert step == "binding"
    assert why == f"the certificate is bound to card {OTHER_CODE.hex().upper()}, not to this one, {CODE.hex().upper()}"
    assert not any(command.startswith((SIGN, VERIFY)) for command in card.sent)


def test_a_certificate_of_an_authority() -> None:
    """It is bound to the zone, but to no card."""
    assert failure(PkiCard(certificate=AUTHORITY.ca.certificate)) == (
        "binding",
        f"the certificate is bound to card -, not to this one, {CODE.hex().upper()}",
    )


def test_another_zones_ca() -> None:
    other = authority(OTHER_ZONE)
    step, why = failure(PkiCard(certificate=issued(by=other)), trusting(other))
    assert step == "chain"
    assert "bound to zone A000000333010101, not to 504B492E" in why
    step, why = failure(PkiCard(certificate=issued(by=other)))
    assert step == "chain"
    assert "issued by CN=tests FINANCE CA 1" in why


def test_another_issuers_authority_of_the_same_name() -> None:
    step, why = failure(PkiCard(), trusting(authority(seed=" other")))
    assert step == "chain"
    assert "with another key" in why


@pytest.mark.parametrize(
    ("at", "why"),
    [
        (datetime(2023, 12, 31, tzinfo=UTC), "valid only from 2024-01-01 00:00:00 UTC"),
        (datetime(2034, 1, 2, tzinfo=UTC), "valid only until 2034-01-01 23:59:59 UTC"),
    ],
)
def test_outside_its_time(at: datetime, why: str) -> None:
    step, said = failure(PkiCard(), replace(DEMAND, at=at))
    assert step == "chain"
    assert why in said


def test_revoked() -> None:
    last = NOW.replace(year=2027)
    revoked = AUTHORITY.ca.revocation_list([Revoked(CERTIFICATE.serial, NOW)], NOW, last, 1)
    step, why = failure(PkiCard(), replace(DEMAND, trust=replace(TRUST, lists=(revoked,))))
    assert step == "chain"
    assert "revoked on 2026-06-01" in why
    clean = AUTHORITY.ca.revocation_list([], NOW, last, 1)
    result = identified(PkiCard(), replace(DEMAND, trust=replace(TRUST, lists=(clean,))))
    assert result.findings[4].text.en.endswith(", valid, not revoked")


def test_a_list_of_somebody_else_is_not_passed_over() -> None:
    foreign = authority(OTHER_ZONE).ca.revocation_list([], NOW, NOW.replace(year=2027), 1)
    step, why = failure(PkiCard(), replace(DEMAND, trust=replace(TRUST, lists=(foreign,))))
    assert step == "chain"
    assert "has nothing to do with this certificate" in why


def test_an_altered_certificate() -> None:
    raw = bytes(CERTIFICATE).replace(b"PKI card", b"PKI carx", 1)
    step, why = failure(PkiCard(certificate=raw))
    assert step == "chain"
    assert "something was changed" in why


def test_a_wrong_pin_tells_the_tries_that_are_left() -> None:
    card = PkiCard()
    demand = replace(DEMAND, pin=b"\x65\x43\x21")
    for left in (2, 1, 0):
        step, why = failure(card, demand)
        assert (step, f"63C{left}" in why, "blocked now" in why) == ("pin", True, not left)
    step, why = failure(card)
    assert (step, "6983 (PIN or key is blocked)" in why) == ("pin", True)


def test_without_a_pin_the_card_does_not_sign() -> None:
    step, why = failure(PkiCard(), replace(DEMAND, pin=None))
    assert step == "proof"
    assert why.endswith("it wants the user PIN")


def test_no_pki_application() -> None:
    step, why = failure(PkiCard(has_pki=False))
    assert step == "certificate"
    assert why.startswith("this card has no PKI application")


@pytest.mark.parametrize("content", [b"", bytes(0x400), b"\xff" * 0x400])
def test_no_certificate(content: bytes) -> None:
    assert failure(PkiCard(certificate=content)) == (
        "certificate",
        "the card has no signature certificate (file 0018)",
    )


def test_half_a_certificate() -> None:
    step, why = failure(PkiCard(certificate=CERTIFICATE[:300]))
    assert step == "certificate"
    assert f"300 of {len(CERTIFICATE)} bytes" in why
    step, why = failure(PkiCard(certificate=CERTIFICATE[:300] + bytes(0x400)))
    assert (step, "these bytes are no certificate" in why) == ("certificate", True)


def test_what_stands_behind_the_certificate_is_not_part_of_it() -> None:
    assert identified(PkiCard(certificate=CERTIFICATE + bytes(100))).identified


def test_no_card_identification_code() -> None:
    step, why = failure(PkiCard(code=bytes(16)))
    assert (step, "the RID" in why) == ("card", True)


@pytest.mark.parametrize("count", [1, 5, 9])
def test_a_card_that_is_pulled_out_identifies_nothing(count: int) -> None:
    card = PkiCard()

    def answer(command: bytes) -> bytes:
        if len(card.sent) == count:
            raise CardRemovedError("the card was removed", "卡已拔出")
        return card(command)

    with pytest.raises(CardRemovedError):
        run(identify(DEMAND), connect_inprocess(FakePort(answer), "card"))


def test_a_chain_goes_over_authorities_in_between() -> None:
    """A trust may know several CAs, also ones of the same name: the key identifier chooses."""
    renewed = AUTHORITY.renewed("tests", PrivateKey.derive(b"ca again"), Period(NOW, NOW.replace(year=2030)), 1)
    later = renewed.card(KEY.public, CODE, Period(NOW, NOW.replace(year=2029)))
    trust = Trust(AUTHORITY.root.certificate, (*AUTHORITY.chain, *renewed.chain))
    for certificate in (CERTIFICATE, later):
        result = identified(PkiCard(certificate=Certificate(certificate)), replace(DEMAND, trust=trust))
        assert result.identified, result.findings[-1]


@given(st.data())
def test_a_card_that_talks_nonsense_is_not_identified(data: st.DataObject) -> None:
    """From a certain command on it answers anything at all; what came before is genuine."""
    card, count = PkiCard(), data.draw(st.integers(0, 20))
    answers = st.binary(max_size=300).map(lambda content: content + b"\x90\x00") | st.binary(min_size=2, max_size=2)
    nonsense = data.draw(st.lists(answers, min_size=1, max_size=4))
    told: list[bytes] = []

    def answer(command: bytes) -> bytes:
        if len(card.sent) < count:
            return card(command)
        told.append(nonsense[len(told) % len(nonsense)])
        return told[-1]

    result = run(identify(DEMAND), connect_inprocess(FakePort(answer), "card"))
    assert result.identified == (not told)
