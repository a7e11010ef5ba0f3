"""What a terminal asks for instead of holding keys, and the software HSM that answers from a key tree; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from keys.suite import proof
from keys.tree import card_key

if TYPE_CHECKING:
    from keys.suite import CipherSuite
    from keys.tree import Factors, Roots


@dataclass(frozen=True, slots=True)
class KeyName:
    """A key in an authority's tree: its name ("HRSS/SSSE/RK"), the levels below its root, its version."""

    name: str
    levels: int
    version: int = 0


class TerminalKeys(Protocol):
    """Cryptograms for terminals.

    A software HSM can give them, a PSAM (`readers.terminal.psam.PsamKeys`), or an HSM elsewhere.
    """

    def proof(self, key: KeyName, factors: Factors, process: bytes, source: bytes) -> bytes:
        """Return the cryptogram of ``source`` (8 bytes) under the session key of ``process`` (8 bytes)."""
        ...

    def mac(self, key: KeyName, factors: Factors, challenge: bytes, data: bytes) -> bytes:
        """Return the 4-byte MAC of ``data`` under the session key of ``challenge``."""
        ...

    def seal(self, key: KeyName, factors: Factors, challenge: bytes, data: bytes) -> bytes:
        """Return ``data`` enciphered for the line under the session key of ``challenge``."""
        ...


class SoftwareHsm:
    """TerminalKeys from root keys in this process.

    ``line_session``: line MACs under the session key of the challenge with a zero IV (facts hrss-card 4.5); else under
    the key itself with the challenge as IV (PBOC, facts native-card-os 5.1).
    """

    def __init__(self, suite: CipherSuite, roots: Roots, *, line_session: bool = True) -> None:
        self._suite = suite
        self._roots = roots
        self._line_session = line_session

    def card_key(self, key: KeyName, factors: Factors) -> bytes:
        """Return the key itself, for personalisation."""
        return card_key(self._suite, self._roots.root(key.name, key.version), factors.last(key.levels))

    def proof(self, key: KeyName, factors: Factors, process: bytes, source: bytes) -> bytes:
        """Return an authentication cryptogram."""
        return proof(self._suite, self.card_key(key, factors), process, source)

    def mac(self, key: KeyName, factors: Factors, challenge: bytes, data: bytes) -> bytes:
        """Return a 4-byte line MAC."""
        iv = b"" if self._line_session else challenge.ljust(self._suite.block, b"\x00")
        return self._suite.mac(self._line_key(key, factors, challenge), data, iv)[:4]

    def seal(self, key: KeyName, factors: Factors, challenge: bytes, data: bytes) -> bytes:
        """Return ``data`` enciphered for the line."""
        return self._suite.seal(self._line_key(key, factors, challenge), data)

    def _line_key(self, key: KeyName, factors: Factors, challenge: bytes) -> bytes:
        own = self.card_key(key, factors)
        return self._suite.session_key(own, challenge) if self._line_session else own
