"""A keystore's keyring as JSON and back."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from keys.errors import KeysError, KeystoreDamagedError
from keys.keyring import KEY_SIZE, MASTER_SIZE, RootId, StoredKeyring
from keys.pki.authority import CertificateAuthority
from keys.pki.certificate import Certificate
from keys.pki.issue import Signer
from keys.sm2 import PrivateKey
from keys.tree import ZoneId


def encode_keyring(keyring: StoredKeyring) -> bytes:
    """Return ``keyring`` as JSON in ASCII. These are keys in clear: only :mod:`keys.container` should see them."""
    plain = {
        "label": keyring.label,
        "masters": {
            zone: {str(version): master.hex() for version, master in sorted(masters.items())}
            for zone, masters in sorted(keyring.masters.items())
        },
        "imported": [[*root, key.hex()] for root, key in sorted(keyring.imported.items())],
        "authorities": {
            zone: [_authority(entry) for entry in entries] for zone, entries in sorted(keyring.authorities.items())
        },
    }
    return json.dumps(plain).encode("ascii")


def decode_keyring(raw: bytes) -> StoredKeyring:
    """Return the keyring that ``raw`` is. Raises :class:`KeystoreDamagedError`."""
    try:
        plain = json.loads(raw)
        keyring = StoredKeyring(
            _text(plain["label"]),
            {
                _text(zone): {int(version): _key(master, MASTER_SIZE) for version, master in masters.items()}
                for zone, masters in plain["masters"].items()
            },
            {
                RootId(_text(name), int(version), _text(algorithm)): _key(key, KEY_SIZE)
                for name, version, algorithm, key in plain["imported"]
            },
            {
                _text(zone): tuple(_parsed(ZoneId(zone, bytes.fromhex(entry["aid"])), entry) for entry in entries)
                for zone, entries in plain["authorities"].items()
            },
        )
        for entries in keyring.authorities.values():
            _same_root(entries)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, KeysError) as error:
        raise KeystoreDamagedError(
            f"the keystore is damaged: {type(error).__name__}", f"密钥库已损坏:{type(error).__name__}"
        ) from error
    return keyring


def _authority(authority: CertificateAuthority) -> dict[str, str]:
    return {
        "aid": authority.zone.aid.hex(),
        "root": authority.root.certificate.hex(),
        "root_key": authority.root.key.hex(),
        "ca": authority.ca.certificate.hex(),
        "ca_key": authority.ca.key.hex(),
    }


def _parsed(zone: ZoneId, plain: dict[str, Any]) -> CertificateAuthority:
    def signer(name: str) -> Signer:
        return Signer(Certificate(bytes.fromhex(plain[name])), PrivateKey(bytes.fromhex(plain[f"{name}_key"])))

    return CertificateAuthority(zone, signer("root"), signer("ca"))


def _same_root(entries: tuple[CertificateAuthority, ...]) -> None:
    if not entries or any(one.root != other.root or one.zone != other.zone for one, other in pairwise(entries)):
        raise ValueError("authorities of one zone have one root")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _key(value: str, size: int) -> bytes:
    key = bytes.fromhex(value)
    if len(key) != size:
        raise ValueError("no key")
    return key
