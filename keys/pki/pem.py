"""PEM, the text form of certificates and key files (RFC 7468)."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from keys.pki.errors import FormatError

CERTIFICATE: Final = "CERTIFICATE"
REQUEST: Final = "CERTIFICATE REQUEST"
REVOCATION_LIST: Final = "X509 CRL"
PRIVATE_KEY: Final = "PRIVATE KEY"
PUBLIC_KEY: Final = "PUBLIC KEY"
_LINE: Final = 64
_BLOCK: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----\s(.*?)-----END \1-----", re.DOTALL)
_START: Final = b"-----BEGIN "


def to_pem(label: str, raw: bytes) -> bytes:
    """Return ``raw`` as text between lines that carry ``label``."""
    text = base64.b64encode(raw)
    lines = [text[at : at + _LINE] for at in range(0, len(text), _LINE)]
    name = label.encode("ascii")
    return b"\n".join((b"-----BEGIN " + name + b"-----", *lines, b"-----END " + name + b"-----", b""))


def all_of_pem(label: str, raw: bytes) -> tuple[bytes, ...]:
    """Return what stands in every block of ``label``; bytes without any PEM are taken as the value itself.

    Raises :class:`FormatError` when there is PEM, but none of this label.
    """
    if _START not in raw:
        return (raw,)
    wanted = label.encode("ascii")
    blocks = tuple(_decoded(body) for name, body in _BLOCK.findall(raw) if name == wanted)
    if not blocks:
        raise FormatError(f"no {label} stands between these lines of PEM", f"PEM 文本中没有 {label}")
    return blocks


def from_pem(label: str, raw: bytes) -> bytes:
    """Return what stands in the first block of ``label``, or ``raw`` itself. Raises :class:`FormatError`."""
    return all_of_pem(label, raw)[0]


def _decoded(body: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(body.split()), validate=True)
    except binascii.Error as error:
        raise FormatError("the PEM is damaged", "PEM 已损坏") from error
