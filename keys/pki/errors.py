"""What can be wrong with certificates. Every reason for refusing a chain is a class of its own."""

from __future__ import annotations

from keys.errors import KeysError


class PkiError(KeysError):
    """Root of what certificates can be wrong in."""


class FormatError(PkiError):
    """Bytes that are no certificate, request, revocation list or key file of SM2."""


class ChainError(PkiError):
    """A chain that is refused; the class says why, the message which certificate."""


class WrongSignatureError(ChainError):
    """The signature does not belong to these contents: a bit was changed."""


class WrongAuthorityError(ChainError):
    """The certificate was issued by another authority."""


class NotYetValidError(ChainError):
    """The certificate's time has not come."""


class ExpiredError(ChainError):
    """The certificate's time is over."""


class RevokedError(ChainError):
    """The authority has revoked the certificate."""


class RevocationListError(ChainError):
    """A revocation list that can not be relied on: not this authority's, altered, or out of date."""


class WrongZoneError(ChainError):
    """The certificate belongs to another zone."""


class PathLengthError(ChainError):
    """More certificates follow than an authority's certificate allows."""


class KeyUsageError(ChainError):
    """The certificate's key is not there for this."""


class CriticalExtensionError(ChainError):
    """The certificate has a critical extension that is not understood here."""
