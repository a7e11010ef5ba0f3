from __future__ import annotations

from apdu import BilingualError


class KeysError(BilingualError):
    """Root of this package's errors."""


class KeySizeError(KeysError):
    """A key of a length that the algorithm does not take."""


class BlockSizeError(KeysError):
    """Data that is no whole number of an algorithm's blocks."""


class SealError(KeysError):
    """Data that can not be sealed for the line, or blocks that were not sealed with this key."""


class Sm2Error(KeysError):
    """An SM2 value that is none: a number out of range, a point off the curve, a ciphertext in another form."""


class SignatureError(Sm2Error):
    """A signature that does not verify, or bytes that are no signature."""


class EngineError(KeysError):
    """An SM2 engine that is unknown or not installed."""


class KeyringError(KeysError):
    """A key or an authority that a keyring does not have, or can not take."""


class KeystoreError(KeysError):
    """A keystore file that can not be used; the message names the file."""


class WrongPassphraseError(KeystoreError):
    """Passphrase or key file are not those of the keystore."""


class KeystoreDamagedError(KeystoreError):
    """A keystore whose contents were altered or cut."""


class KeystoreNewerError(KeystoreError):
    """A keystore of a format version that this program does not know."""


class KeystoreBusyError(KeystoreError):
    """Another process is changing the keystore."""


class KeystoreUnwritableError(KeystoreError):
    """The system would not read or write the keystore: disk full, no permission."""
