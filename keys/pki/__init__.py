"""Certificates of SM2 and SM3: X.509 for the zones' authorities and their cards."""

from __future__ import annotations

from keys.pki.binding import ZoneBinding
from keys.pki.certificate import Certificate, Request, RevocationList, Revoked
from keys.pki.errors import ChainError, FormatError, PkiError
from keys.pki.issue import Period, Signer, distinguished_name, make_request
from keys.pki.keyfiles import parse_private_key, parse_public_key, private_key_der, public_key_der
from keys.pki.verify import Step, check_list, steps, verify_chain

__all__ = [
    "Certificate",
    "ChainError",
    "FormatError",
    "Period",
    "PkiError",
    "Request",
    "RevocationList",
    "Revoked",
    "Signer",
    "Step",
    "ZoneBinding",
    "check_list",
    "distinguished_name",
    "make_request",
    "parse_private_key",
    "parse_public_key",
    "private_key_der",
    "public_key_der",
    "steps",
    "verify_chain",
]
