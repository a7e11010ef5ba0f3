"""Who is this card: off-line identification, step by step.

A fresh challenge is signed by the card; the signature is verified with the certificate on the card, and that with a
chain from the PKI authority's root. The certificate must be bound to the PKI zone and to this card, whose card
identification code stands in the HRSS zone. Source: facts hrss-card 8; the binding is the project's own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from apdu import Command, Sw, Text, format_hex
from cardsim.errors import NumberError
from cardsim.zones import authorities
from cardsim.zones.card_identification import CardIdentification
from cardsim.zones.hrss import EF05
from keys.errors import KeysError, SignatureError
from keys.pki.certificate import Certificate, name_text
from keys.pki.errors import ChainError, RevocationListError
from keys.pki.verify import steps
from keys.sm2 import digest_of, verify
from readers.errors import CardRefusedError
from readers.terminal.hrss import select_hrss
from readers.terminal.pki import KeyPair, PkiPin, read_certificate, select_pki, sign, verify_pin
from readers.terminal.security import expect

if TYPE_CHECKING:
    from datetime import datetime

    from keys.pki.certificate import RevocationList
    from keys.sm2 import Signature
    from readers.terminal.script import Script

_MAX_CHAIN: Final = 8


class NotThisCardError(ChainError):
    """A certificate that is good, but another card's, or one that no card's key stands behind."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What a terminal believes: a root, authorities that may stand between it and a card, revocation lists."""

    root: Certificate
    authorities: tuple[Certificate, ...] = ()
    lists: tuple[RevocationList, ...] = ()

    def chain_to(self, certificate: Certificate) -> tuple[Certificate, ...]:
        """Return the authorities below the root that lead to ``certificate``, and itself; as far as they are known."""
        chain = [certificate]
        while chain[0].issuer != self.root.subject and len(chain) < _MAX_CHAIN:
            named = [entry for entry in self.authorities if entry.subject == chain[0].issuer]
            if not named:
                break
            # One of this name with another key goes along too, so that the refusal says so.
            chain.insert(0, next((entry for entry in named if entry.key_id == chain[0].issuer_key_id), named[0]))
        return tuple(chain)


@dataclass(frozen=True, slots=True)
class Demand:
    """What is asked of a card: to sign ``challenge`` with its user PIN (``None``: without), believed at this time."""

    trust: Trust
    challenge: bytes
    at: datetime
    pin: bytes | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One step: its name for programs, whether it holds, and what was found."""

    step: str
    holds: bool
    text: Text


@dataclass(slots=True)
class Identification:
    """What came of it, as far as it went: the steps, the last of which may have failed, and the evidence."""

    challenge: bytes
    findings: list[Finding] = field(default_factory=list)
    card: bytes = b""
    """The card identification code, 16 bytes."""
    certificate: Certificate | None = None
    chain: tuple[Certificate, ...] = ()
    """From below the root down to the card's certificate."""
    signature: Signature | None = None
    identified: bool = False
    """Whether every step was taken and holds."""


def identify(demand: Demand) -> Script[Identification]:
    """Return what the card could prove. The first step that does not hold is the last one: no PIN is tried in vain.

    A connection that fails raises as ever.
    """
    return (yield from _Session(demand).play())


def check_proof(certificate: Certificate, challenge: bytes, signature: Signature) -> None:
    """Raise :class:`NotThisCardError` unless the certificate's key signed ``challenge``: all a host has to check.

    The certificate itself is to be verified with :func:`keys.pki.verify_chain`.
    """
    try:
        verify(certificate.public_key, challenge, signature)
    except SignatureError as error:
        raise NotThisCardError(
            "the signature was not made with the certificate's key: the certificate is another card's, "
            "or the answer was altered",
            "签名不是用证书对应的私钥产生的:证书属于另一张卡,或响应被改动",
        ) from error


class _Session:
    """One identification: the steps in their order."""

    def __init__(self, demand: Demand) -> None:
        self._demand = demand
        self._result = Identification(demand.challenge)
        self._step = ""

    def play(self) -> Script[Identification]:
        try:
            yield from self._all_steps()
        except (CardRefusedError, KeysError) as error:
            self._result.findings.append(Finding(self._step, holds=False, text=error.text))
        else:
            self._result.identified = True
        return self._result

    def _all_steps(self) -> Script[None]:
        self._step = "card"
        yield from self._read_code()
        self._step = "certificate"
        certificate = yield from self._read_certificate()
        self._step = "chain"
        self._verify_chain(certificate)
        self._step = "binding"
        self._verify_binding(certificate)
        if self._demand.pin is not None:
            self._step = "pin"
            yield from verify_pin(PkiPin.USER, self._demand.pin)
            self._holds("the user PIN is right", "用户 PIN 正确")
        self._step = "proof"
        yield from self._prove_key(certificate)

    def _holds(self, en: str, zh: str) -> None:
        self._result.findings.append(Finding(self._step, holds=True, text=Text(en, zh)))

    def _read_code(self) -> Script[None]:
        yield from select_hrss()
        response = yield Command(0x00, 0xB2, 0x01, (EF05.fid & 0x1F) << 3, le=0)
        expect(response, "the card identification code can not be read", "无法读取卡识别码")
        try:
            self._result.card = CardIdentification.parse(response.data[2:])
        except NumberError as error:
            raise CardRefusedError(str(error), error.text.zh) from error
        shown = format_hex(self._result.card)
        self._holds(f"card identification code {shown}", f"卡识别码 {shown}")

    def _read_certificate(self) -> Script[Certificate]:
        yield from select_pki()
        raw = yield from read_certificate(KeyPair.SIGNATURE)
        if not raw:
            raise CardRefusedError("the card has no signature certificate (file 0018)", "卡中没有签名证书(文件 0018)")
        self._result.certificate = certificate = Certificate(raw)
        first, last = f"{certificate.not_before:%Y-%m-%d}", f"{certificate.not_after:%Y-%m-%d}"
        self._holds(
            f"certificate of {certificate.name}, {first} to {last}",
            f"证书主体 {certificate.name},有效期 {first} 至 {last}",
        )
        return certificate

    def _verify_chain(self, certificate: Certificate) -> None:
        trust = self._demand.trust
        self._result.chain = chain = trust.chain_to(certificate)
        issuers = {entry.issuer for entry in chain}
        for entry in trust.lists:
            if entry.issuer not in issuers:
                issuer = name_text(entry.issuer)
                raise RevocationListError(
                    f"the revocation list of {issuer} has nothing to do with this certificate",
                    f"{issuer} 的撤销列表与该证书无关",
                )
        for step in steps(trust.root, chain, at=self._demand.at, zone=authorities.PKI.aid, lists=trust.lists):
            self._holds(f"{step.certificate.name}: {step.checked.en}", f"{step.certificate.name}:{step.checked.zh}")

    def _verify_binding(self, certificate: Certificate) -> None:
        bound = certificate.zone_binding.card if certificate.zone_binding else b""
        if bound != self._result.card:
            other, this = format_hex(bound) or "-", format_hex(self._result.card)
            raise NotThisCardError(
                f"the certificate is bound to card {other}, not to this one, {this}",
                f"证书绑定的卡为 {other},而不是本卡 {this}",
            )
        zone = format_hex(authorities.PKI.aid)
        self._holds(f"bound to this card and to zone PKI ({zone})", f"已绑定本卡与 PKI 区域({zone})")

    def _prove_key(self, certificate: Certificate) -> Script[None]:
        challenge = self._demand.challenge
        try:
            signature = yield from sign(digest_of(certificate.public_key, challenge))
        except CardRefusedError as error:
            raise _unsigned(error) from error
        self._result.signature = signature
        check_proof(certificate, challenge, signature)
        self._holds("the challenge is signed with the certificate's key", "随机数已由证书对应的私钥签名,验证通过")


def _unsigned(error: CardRefusedError) -> CardRefusedError:
    if error.status is not None and int(error.status) == Sw.SECURITY_STATUS_NOT_SATISFIED:
        hint = Text("it wants the user PIN", "需要先校验用户 PIN")
    else:
        hint = Text(
            "it has the certificate, but no private key that works, as a copied card would",
            "有证书但没有可用的私钥,疑为复制卡",
        )
    return CardRefusedError(f"{error}; {hint.en}", f"{error.text.zh};{hint.zh}", error.status)
