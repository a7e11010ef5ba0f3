"""SM2 keys as other programs exchange them: PKCS #8 and SubjectPublicKeyInfo, DER or PEM (GM/T 0015-2012, RFC 5915)."""

from __future__ import annotations

from typing import Final

from keys.pki import der
from keys.pki.errors import FormatError
from keys.pki.pem import PRIVATE_KEY, PUBLIC_KEY, from_pem
from keys.sm2 import PrivateKey, PublicKey

_KEY: Final = ("SM2 private key (PKCS #8)", "SM2 私钥(PKCS #8)")
_PUBLIC: Final = ("SM2 public key", "SM2 公钥")


def private_key_der(key: PrivateKey) -> bytes:
    """Return ``key`` as PKCS #8, not enciphered."""
    inner = der.EcPrivateKey(version=1, key=bytes(key), parameters=None, public_key=der.bits(bytes(key.public)))
    return der.encode(der.PrivateKeyInfo(version=0, algorithm=der.key_algorithm(), key=der.encode(inner)))


def parse_private_key(raw: bytes) -> PrivateKey:
    """Return the key of a PKCS #8 file, DER or PEM. Raises :class:`FormatError` or :class:`keys.errors.Sm2Error`."""
    outer = der.decode(der.PrivateKeyInfo, from_pem(PRIVATE_KEY, raw), *_KEY)
    if not der.is_sm2_key(outer.algorithm):
        raise FormatError("this private key is of another algorithm than SM2", "该私钥不是 SM2 算法")
    inner = der.decode(der.EcPrivateKey, outer.key, *_KEY)
    key = PrivateKey(inner.key)
    if inner.public_key is not None and inner.public_key.as_bytes() != key.public:
        raise FormatError("the file's public key is not that of its private key", "文件中的公钥与私钥不匹配")
    return key


def public_key_info(key: PublicKey) -> der.PublicKeyInfo:
    """Return ``key`` as certificates carry it."""
    return der.PublicKeyInfo(algorithm=der.key_algorithm(), key=der.bits(bytes(key)))


def public_key_der(key: PublicKey) -> bytes:
    """Return ``key`` as SubjectPublicKeyInfo."""
    return der.encode(public_key_info(key))


def parse_public_key(raw: bytes) -> PublicKey:
    """Return the key of a SubjectPublicKeyInfo, DER or PEM. Raises FormatError or :class:`keys.errors.Sm2Error`."""
    return key_of(der.decode(der.PublicKeyInfo, from_pem(PUBLIC_KEY, raw), *_PUBLIC))


def key_of(info: der.PublicKeyInfo) -> PublicKey:
    """Return the key that ``info`` carries. Raises :class:`FormatError` or :class:`keys.errors.Sm2Error`."""
    if not der.is_sm2_key(info.algorithm) or info.key.padding_bits():
        raise FormatError("this public key is of another algorithm than SM2", "该公钥不是 SM2 算法")
    return PublicKey.parse(info.key.as_bytes())
