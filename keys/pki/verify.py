"""A chain verified step by step, from the root down, each refusal with its reason (RFC 5280, 6.1; without policies)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from apdu import Text, format_hex
from keys.pki.certificate import name_text
from keys.pki.errors import (
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

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from keys.pki.certificate import Certificate, RevocationList


@dataclass(frozen=True, slots=True)
class Step:
    """A certificate of a chain that was found good, and what was checked."""

    certificate: Certificate
    checked: Text


def verify_chain(
    root: Certificate,
    chain: Sequence[Certificate],
    *,
    at: datetime,
    zone: bytes | None = None,
    lists: Sequence[RevocationList] = (),
) -> tuple[Step, ...]:
    """Verify ``chain`` (the zone's authority first, the card's certificate last) below the trusted ``root``.

    ``at``: for this moment, with its time zone. ``zone``: the AID that the certificates must be bound to; without it
    they must be bound to the root's. ``lists``: revocation lists of authorities of the chain; one without a list
    revokes nothing. Raises a :class:`keys.pki.errors.ChainError`.
    """
    return tuple(steps(root, chain, at=at, zone=zone, lists=lists))


def steps(
    root: Certificate,
    chain: Sequence[Certificate],
    *,
    at: datetime,
    zone: bytes | None = None,
    lists: Sequence[RevocationList] = (),
) -> Iterator[Step]:
    """Yield what :func:`verify_chain` returns, each step as it is done; a later one may still raise."""
    if zone is None and root.zone_binding:
        zone = root.zone_binding.zone
    _check_link(root, root)
    _check_itself(root, at, zone)
    yield Step(root, Text("signed by itself, valid", "自签名,有效"))
    issuer = root
    for position, certificate in enumerate(chain):
        _check_authority(issuer, below=len(chain) - position - 1)
        _check_link(certificate, issuer)
        _check_itself(certificate, at, zone)
        listed = _check_lists(certificate, issuer, lists, at)
        yield Step(certificate, _told(issuer, listed=listed))
        issuer = certificate
    if chain and not issuer.usage.authority and not issuer.usage.signs:
        raise KeyUsageError(
            f"{issuer.name}: its key is not there for signatures", f"{issuer.name}:其密钥不可用于数字签名"
        )


def _told(issuer: Certificate, *, listed: bool) -> Text:
    more, more_zh = (", not revoked", ",未被撤销") if listed else ("", "")
    return Text(f"signed by {issuer.name}, valid{more}", f"由 {issuer.name} 签发,有效{more_zh}")


def _check_link(certificate: Certificate, issuer: Certificate) -> None:
    """Refuse a certificate that ``issuer`` did not issue, or that was changed since."""
    name = certificate.name
    if certificate.issuer != issuer.subject:
        other = name_text(certificate.issuer)
        raise WrongAuthorityError(
            f"{name}: issued by {other}, not by {issuer.name}", f"{name}:由 {other} 签发,而不是 {issuer.name}"
        )
    if certificate.issuer_key_id and issuer.key_id and certificate.issuer_key_id != issuer.key_id:
        raise WrongAuthorityError(
            f"{name}: issued by an authority of the same name with another key",
            f"{name}:由同名但密钥不同的机构签发",
        )
    if not certificate.envelope.is_signed_by(issuer.public_key):
        raise WrongSignatureError(
            f"{name}: the signature is not over these contents by {issuer.name}; something was changed",
            f"{name}:签名与内容或签发者 {issuer.name} 不符,内容已被改动",
        )


def _check_itself(certificate: Certificate, at: datetime, zone: bytes | None) -> None:
    """Refuse a certificate outside its time, of another zone, or with something critical that is not known here."""
    name = certificate.name
    if at < certificate.not_before:
        since = f"{certificate.not_before:%Y-%m-%d %H:%M:%S}"
        raise NotYetValidError(f"{name}: valid only from {since} UTC", f"{name}:自 {since}(UTC)起才有效")
    if at > certificate.not_after:
        until = f"{certificate.not_after:%Y-%m-%d %H:%M:%S}"
        raise ExpiredError(f"{name}: valid only until {until} UTC", f"{name}:已于 {until}(UTC)过期")
    if certificate.unknown_critical:
        oids = ", ".join(certificate.unknown_critical)
        raise CriticalExtensionError(
            f"{name}: critical extension {oids} is not known here", f"{name}:存在未知的关键扩展 {oids}"
        )
    bound = certificate.zone_binding.zone if certificate.zone_binding else b""
    if zone is not None and bound != zone:
        other, wanted = format_hex(bound) or "-", format_hex(zone)
        raise WrongZoneError(
            f"{name}: bound to zone {other}, not to {wanted}", f"{name}:属于区域 {other},而不是 {wanted}"
        )


def _check_authority(issuer: Certificate, *, below: int) -> None:
    """Refuse an issuer that may not issue. ``below``: how many more certificates the next one issues in a row."""
    if not (issuer.usage.authority and issuer.usage.signs_certificates):
        raise KeyUsageError(f"{issuer.name}: not there for signing certificates", f"{issuer.name}:不可用于签发证书")
    if issuer.usage.path_length is not None and below > issuer.usage.path_length:
        raise PathLengthError(
            f"{issuer.name}: at most {issuer.usage.path_length} authorities may follow below it, {below} do",
            f"{issuer.name}:其下最多允许 {issuer.usage.path_length} 级机构,实有 {below} 级",
        )


def _check_lists(certificate: Certificate, issuer: Certificate, lists: Sequence[RevocationList], at: datetime) -> bool:
    """Refuse a revoked certificate, and a list that proves nothing; return whether ``issuer`` has a list at all."""
    own = [entry for entry in lists if entry.issuer == issuer.subject]
    for entry in own:
        check_list(entry, issuer, at)
        if revoked := entry.revoked.get(certificate.serial):
            raise RevokedError(
                f"{certificate.name}: revoked on {revoked.since:%Y-%m-%d %H:%M:%S} UTC",
                f"{certificate.name}:已于 {revoked.since:%Y-%m-%d %H:%M:%S}(UTC)被撤销",
            )
    return bool(own)


def check_list(revoked: RevocationList, issuer: Certificate, at: datetime) -> None:
    """Raise :class:`RevocationListError` unless ``revoked`` is the list of ``issuer``, unaltered, and of this time."""
    name = issuer.name
    if not issuer.usage.signs_lists or revoked.issuer != issuer.subject:
        raise RevocationListError(
            f"the revocation list is not one that {name} may issue", f"该撤销列表不能由 {name} 签发"
        )
    if not revoked.envelope.is_signed_by(issuer.public_key):
        raise RevocationListError(
            f"the revocation list of {name} is altered, or signed with another key",
            f"{name} 的撤销列表已被改动或由其他密钥签名",
        )
    if not revoked.this_update <= at <= revoked.next_update:
        first, last = (f"{moment:%Y-%m-%d %H:%M:%S}" for moment in (revoked.this_update, revoked.next_update))
        raise RevocationListError(
            f"the revocation list of {name} is for {first} to {last} UTC",
            f"{name} 的撤销列表有效期为 {first} 至 {last}(UTC)",
        )
