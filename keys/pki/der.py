"""The ASN.1 of certificates, requests, revocation lists and key files (RFC 5280, 2986, 5208, 5915; GM/T 0015-2012)."""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeVar

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

from keys.pki.errors import FormatError

T = TypeVar("T")

SM2_WITH_SM3: Final = ObjectIdentifier("1.2.156.10197.1.501")
"""The signature (GM/T 0006-2012)."""
_EC_PUBLIC_KEY: Final = ObjectIdentifier("1.2.840.10045.2.1")
_SM2_CURVE: Final = ObjectIdentifier("1.2.156.10197.1.301")


@asn1.sequence
class Algorithm:
    """AlgorithmIdentifier. Some authorities write NULL behind the signature's; we write nothing and take both."""

    algorithm: ObjectIdentifier
    parameters: ObjectIdentifier | asn1.Null | None = None


@asn1.sequence
class PublicKeyInfo:
    """SubjectPublicKeyInfo."""

    algorithm: Algorithm
    key: asn1.BitString


@asn1.sequence
class Extension:
    """An extension, its value DER once more."""

    oid: ObjectIdentifier
    critical: Annotated[bool, asn1.Default(False)]
    value: bytes


@asn1.sequence
class Validity:
    """From when to when, both included."""

    not_before: asn1.UTCTime | asn1.GeneralizedTime
    not_after: asn1.UTCTime | asn1.GeneralizedTime


@asn1.sequence
class TbsCertificate:
    """What is signed of a certificate."""

    version: Annotated[int, asn1.Explicit(0)]
    serial: int
    signature: Algorithm
    issuer: asn1.TLV
    validity: Validity
    subject: asn1.TLV
    public_key: PublicKeyInfo
    extensions: Annotated[list[Extension] | None, asn1.Explicit(3)]


@asn1.sequence
class ExtensionRequest:
    """The attribute of a request that asks for extensions (RFC 2985, 5.4.2)."""

    oid: ObjectIdentifier
    values: asn1.SetOf[list[Extension]]


@asn1.sequence
class TbsRequest:
    """What is signed of a request (PKCS #10)."""

    version: int
    subject: asn1.TLV
    public_key: PublicKeyInfo
    attributes: Annotated[asn1.SetOf[asn1.TLV], asn1.Implicit(0)]


@asn1.sequence
class RevokedEntry:
    """A line of a revocation list."""

    serial: int
    date: asn1.UTCTime | asn1.GeneralizedTime
    extensions: list[Extension] | None


@asn1.sequence
class TbsRevocationList:
    """What is signed of a revocation list."""

    version: int
    signature: Algorithm
    issuer: asn1.TLV
    this_update: asn1.UTCTime | asn1.GeneralizedTime
    next_update: asn1.UTCTime | asn1.GeneralizedTime
    revoked: list[RevokedEntry] | None
    extensions: Annotated[list[Extension] | None, asn1.Explicit(0)]


@asn1.sequence
class Signed:
    """The frame that certificates, requests and revocation lists share."""

    tbs: asn1.TLV
    algorithm: Algorithm
    signature: asn1.BitString


@asn1.sequence
class EcPrivateKey:
    """RFC 5915. GmSSL and OpenSSL both write the public key, and neither repeats the curve here."""

    version: int
    key: bytes
    parameters: Annotated[ObjectIdentifier | None, asn1.Explicit(0)]
    public_key: Annotated[asn1.BitString | None, asn1.Explicit(1)]


@asn1.sequence
class PrivateKeyInfo:
    """PKCS #8, without attributes."""

    version: int
    algorithm: Algorithm
    key: bytes


def encode(value: object) -> bytes:
    """Return the DER of ``value``."""
    return asn1.encode_der(value)


def decode(kind: type[T], raw: bytes, what: str, what_zh: str) -> T:
    """Return the value that ``raw`` is. Raises :class:`FormatError`, which names it as ``what``."""
    try:
        return asn1.decode_der(kind, raw)
    except (ValueError, OverflowError) as error:
        raise FormatError(f"these bytes are no {what}", f"这些字节不是{what_zh}") from error


def tlv(raw: bytes) -> asn1.TLV:
    """Return ``raw``, which is DER already, to stand inside something else."""
    kind: Any = asn1.TLV
    inner: asn1.TLV = asn1.decode_der(kind, raw)
    return inner


def bits(raw: bytes) -> asn1.BitString:
    """Return whole bytes as a BIT STRING."""
    return asn1.BitString(raw, 0)


def signature_algorithm() -> Algorithm:
    """Return the AlgorithmIdentifier of SM2 with SM3."""
    return Algorithm(algorithm=SM2_WITH_SM3)


def key_algorithm() -> Algorithm:
    """Return the AlgorithmIdentifier of a key on the SM2 curve."""
    return Algorithm(algorithm=_EC_PUBLIC_KEY, parameters=_SM2_CURVE)


def is_sm2_key(algorithm: Algorithm) -> bool:
    """Return whether ``algorithm`` is that of a key on the SM2 curve."""
    return algorithm.algorithm == _EC_PUBLIC_KEY and algorithm.parameters == _SM2_CURVE
