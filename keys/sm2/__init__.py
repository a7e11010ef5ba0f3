"""SM2 (GB/T 32918): keys, signatures, encryption, key exchange. For test keys: nothing here is constant time."""

from __future__ import annotations

from keys.sm2.ciphertext import CipherOrder, Ciphertext
from keys.sm2.curve import SM2P256V1, Curve
from keys.sm2.engine import ENGINES, OWN_ENGINE, GmsslEngine, OwnEngine, Sm2Engine, engine
from keys.sm2.exchange import Agreement, Own, Peer, Role, exchange
from keys.sm2.keys import PrivateKey, PublicKey, Signature
from keys.sm2.nonces import RANDOM, DerivedNonces, FixedNonces, Nonces, RandomNonces
from keys.sm2.scheme import DEFAULT_ID, decrypt, digest_of, encrypt, generate, sign, verify, za

__all__ = [
    "DEFAULT_ID",
    "ENGINES",
    "OWN_ENGINE",
    "RANDOM",
    "SM2P256V1",
    "Agreement",
    "CipherOrder",
    "Ciphertext",
    "Curve",
    "DerivedNonces",
    "FixedNonces",
    "GmsslEngine",
    "Nonces",
    "Own",
    "OwnEngine",
    "Peer",
    "PrivateKey",
    "PublicKey",
    "RandomNonces",
    "Role",
    "Signature",
    "Sm2Engine",
    "decrypt",
    "digest_of",
    "encrypt",
    "engine",
    "exchange",
    "generate",
    "sign",
    "verify",
    "za",
]
