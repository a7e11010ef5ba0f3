"""What a card and a terminal ask of an algorithm: one interface, whatever the cipher.

Keys are bytes; a suite has no state. The forms are those of facts native-card-os 5 and hrss-card 4.2, 4.3.
"""

from __future__ import annotations

from typing import Protocol


class CipherSuite(Protocol):
    """One algorithm in the forms that these cards use."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def block(self) -> int:
        """Block length in bytes."""
        ...

    @property
    def algorithm_id(self) -> int:
        """How the HRSS zone numbers it: 01 DES, 03 SM4 (facts terminal-interface 2.1)."""
        ...

    @property
    def cryptogram_size(self) -> int:
        """Bytes of :meth:`cryptogram`."""
        ...

    def encrypt(self, key: bytes, blocks: bytes) -> bytes:
        """Return ``blocks`` (a multiple of :attr:`block`) enciphered one by one (ECB)."""
        ...

    def decrypt(self, key: bytes, blocks: bytes) -> bytes:
        """Return what :meth:`encrypt` was given."""
        ...

    def pad(self, data: bytes) -> bytes:
        """Return ``data``, then 80, then 00 up to a whole number of blocks."""
        ...

    def mac(self, key: bytes, data: bytes, iv: bytes = b"") -> bytes:
        """Return one block of MAC over ``data`` (padded here); cards send its leftmost 4 bytes. No ``iv`` is all 00."""
        ...

    def mac_blocks(self, key: bytes, blocks: bytes, iv: bytes = b"") -> bytes:
        """Return the same over whole ``blocks`` that are padded already."""
        ...

    def diversify(self, key: bytes, factor: bytes) -> bytes:
        """Return the key one level down, for the 8-byte ``factor``."""
        ...

    def session_key(self, key: bytes, challenge: bytes) -> bytes:
        """Return the key of one exchange, from the 8-byte ``challenge``."""
        ...

    def cryptogram(self, session_key: bytes, source: bytes) -> bytes:
        """Return the authentication cryptogram of ``source``, 8 bytes."""
        ...

    def frame(self, data: bytes) -> bytes:
        """Return what :meth:`seal` enciphers: length, ``data``, padding."""
        ...

    def seal(self, key: bytes, data: bytes) -> bytes:
        """Return ``data`` (up to 255 bytes) enciphered for the line: its length, itself, padding."""
        ...

    def unseal(self, key: bytes, blocks: bytes) -> bytes:
        """Return what was sealed; raises :class:`keys.errors.SealError` when no length fits."""
        ...

    def kcv(self, key: bytes) -> bytes:
        """Return the key check value, 3 bytes: the start of a block of 00 enciphered."""
        ...


def proof(suite: CipherSuite, key: bytes, process: bytes, source: bytes) -> bytes:
    """Return an authentication cryptogram: ``source`` under the session key of ``process`` (facts hrss-card 4.3)."""
    return suite.cryptogram(suite.session_key(key, process), source)


def folded(mac: bytes, size: int = 4) -> bytes:
    """Return the words of ``mac``, ``size`` bytes each, added by XOR: the PKI application's MAC (facts hrss-card 8)."""
    total = 0
    for start in range(0, len(mac), size):
        total ^= int.from_bytes(mac[start : start + size], "big")
    return total.to_bytes(size, "big")
