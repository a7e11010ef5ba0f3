"""What certificates, requests and revocation lists share: something, and an SM2 signature over it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat import asn1

from keys.errors import SignatureError
from keys.pki import der
from keys.pki.errors import FormatError
from keys.sm2 import DerivedNonces, Signature, sign, verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from keys.sm2 import PrivateKey, PublicKey

T = TypeVar("T")

_LAST_UTC_YEAR: Final = 2049
"""RFC 5280, 4.1.2.5: later years are GeneralizedTime."""
_UNREADABLE: Final = (
    ValueError,
    TypeError,
    OverflowError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""What the library raises for bytes that are not in order, at once or when a field is first looked at."""
_NONCES: Final = DerivedNonces()


class Envelope:
    """The three parts of something signed: its contents, the algorithm, which is SM2 with SM3, the signature."""

    def __init__(self, raw: bytes, what: str, what_zh: str) -> None:
        """Take ``raw`` apart; raises :class:`FormatError` or :class:`SignatureError`."""
        outer = der.decode(der.Signed, raw, what, what_zh)
        if outer.algorithm.algorithm != der.SM2_WITH_SM3:
            raise FormatError(
                f"this {what} is signed with {outer.algorithm.algorithm.dotted_string}, not with SM2 and SM3",
                f"该{what_zh}的签名算法为 {outer.algorithm.algorithm.dotted_string},不是 SM2/SM3",
            )
        self.contents = der.encode(outer.tbs)
        self.signature = Signature.parse_der(outer.signature.as_bytes())

    def is_signed_by(self, public: PublicKey) -> bool:
        """Return whether the signature is that key's, over these contents."""
        try:
            verify(public, self.contents, self.signature)
        except SignatureError:
            return False
        return True


def signed(contents: bytes, key: PrivateKey) -> bytes:
    """Return ``contents`` and a signature over them. The same each time: the nonce follows from both."""
    signature = sign(key, contents, nonces=_NONCES).der
    frame = der.Signed(tbs=der.tlv(contents), algorithm=der.signature_algorithm(), signature=der.bits(signature))
    return der.encode(frame)


def read(parse: Callable[[], T], what: str, what_zh: str) -> T:
    """Return what ``parse`` gives; what the library raises becomes :class:`FormatError`."""
    try:
        return parse()
    except _UNREADABLE as error:
        raise FormatError(f"these bytes are no {what}", f"这些字节不是{what_zh}") from error


def time_of(moment: datetime) -> asn1.UTCTime | asn1.GeneralizedTime:
    """Return ``moment`` (with its time zone) in the form that its year asks for, whole seconds."""
    moment = moment.astimezone(UTC).replace(microsecond=0)
    return asn1.UTCTime(moment) if moment.year <= _LAST_UTC_YEAR else asn1.GeneralizedTime(moment)


def raw_extension(extension: x509.ExtensionType, *, critical: bool = False) -> der.Extension:
    """Return an extension of the library's as it stands in what is signed."""
    return der.Extension(oid=extension.oid, critical=critical, value=extension.public_bytes())
