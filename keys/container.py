"""A keystore's container: JSON with a header in clear and contents enciphered with AES-256-GCM; pure.

The key comes from a passphrase by scrypt (RFC 7914), or from a key file's bytes by HKDF-SHA-256. The header is
authenticated with the contents. It carries a check value of the key, so that a wrong passphrase and a damaged file are
told apart; to somebody who guesses passphrases it says no more than the contents' own tag.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from keys.errors import KeystoreDamagedError, KeystoreError, KeystoreNewerError, WrongPassphraseError

if TYPE_CHECKING:
    from collections.abc import Callable

FORMAT: Final = "cardsim keystore"
VERSION: Final = 1
MIN_KEY_FILE: Final = 16
_SALT_SIZE: Final = 16
_NONCE_SIZE: Final = 12
_KEY_SIZE: Final = 32
_CHECK_SIZE: Final = 8
_BLOCK: Final = 8
_MIN_COST: Final = 10
_MAX_COST: Final = 20
"""Of log2 N: a damaged header must not make us take gigabytes (2^20 takes one)."""


@dataclass(frozen=True, slots=True)
class Passphrase:
    """What a person remembers. ``cost``: log2 of scrypt's N, 10 to 20, when sealing; 17 takes 128 MiB and 0.3 s."""

    text: str = field(repr=False)
    cost: int = 17

    def __post_init__(self) -> None:
        if not _MIN_COST <= self.cost <= _MAX_COST:
            raise ValueError(f"scrypt's cost is {_MIN_COST} to {_MAX_COST}")


@dataclass(frozen=True, slots=True)
class KeyFile:
    """The contents of a key file: random bytes, 16 or more."""

    content: bytes = field(repr=False)


Secret = Passphrase | KeyFile


def seal(content: bytes, secret: Secret, entropy: Callable[[int], bytes] = secrets.token_bytes) -> bytes:
    """Return the container of ``content``, JSON in ASCII. Raises :class:`KeystoreError` for a secret that is none."""
    header: dict[str, object] = {"format": FORMAT, "version": VERSION, "cipher": "AES-256-GCM"}
    salt = entropy(_SALT_SIZE)
    if isinstance(secret, Passphrase):
        header |= {"kdf": "scrypt", "cost": secret.cost}
    else:
        header |= {"kdf": "key file"}
    key, check = _stretched(secret, salt, secret.cost if isinstance(secret, Passphrase) else 0)
    nonce = entropy(_NONCE_SIZE)
    header |= {"salt": salt.hex(), "check": check.hex(), "nonce": nonce.hex()}
    sealed = AESGCM(key).encrypt(nonce, content, _authenticated(header))
    text = json.dumps(header | {"content": base64.b64encode(sealed).decode("ascii")}, indent=1)
    return text.encode("ascii") + b"\n"


def unseal(raw: bytes, secret: Secret) -> bytes:
    """Return the contents. Raises a :class:`KeystoreError` that says what is wrong."""
    header = _header(raw)
    cost = _cost(header)
    if bool(cost) is not isinstance(secret, Passphrase):
        wanted, wanted_zh = ("passphrase", "口令") if cost else ("key file", "密钥文件")
        raise WrongPassphraseError(f"the keystore opens with its {wanted}", f"该密钥库需用{wanted_zh}打开")
    key, check = _stretched(secret, _hex(header, "salt", _SALT_SIZE), cost)
    if not hmac.compare_digest(check, _hex(header, "check", _CHECK_SIZE)):
        raise WrongPassphraseError(
            "this is not the passphrase or the key file of the keystore", "口令或密钥文件与密钥库不符"
        )
    try:
        content = base64.b64decode(_text(header, "content"), validate=True)
        del header["content"]
        return AESGCM(key).decrypt(_hex(header, "nonce", _NONCE_SIZE), content, _authenticated(header))
    except (binascii.Error, InvalidTag) as error:
        raise _damaged("its contents were altered", "内容已被改动") from error


def wants_passphrase(raw: bytes) -> bool:
    """Return whether a passphrase opens the container; a key file otherwise. Raises :class:`KeystoreError`."""
    return _text(_header(raw), "kdf") == "scrypt"


def _stretched(secret: Secret, salt: bytes, cost: int) -> tuple[bytes, bytes]:
    """Return the key and its check value."""
    size = _KEY_SIZE + _CHECK_SIZE
    if isinstance(secret, Passphrase):
        if not secret.text:
            raise KeystoreError("a passphrase may not be empty", "口令不能为空")
        # Half a surrogate pair can be typed into an environment variable.
        text = secret.text.encode("utf-8", "surrogatepass")
        out = Scrypt(salt, size, 1 << cost, _BLOCK, 1).derive(text)
    else:
        if len(secret.content) < MIN_KEY_FILE:
            raise KeystoreError(
                f"a key file has {MIN_KEY_FILE} bytes or more, this one {len(secret.content)}",
                f"密钥文件至少 {MIN_KEY_FILE} 字节,此处为 {len(secret.content)}",
            )
        out = HKDF(SHA256(), size, salt, FORMAT.encode("ascii")).derive(secret.content)
    return out[:_KEY_SIZE], out[_KEY_SIZE:]


def _header(raw: bytes) -> dict[str, Any]:
    try:
        plain = json.loads(raw)
    except (ValueError, RecursionError):
        plain = None
    if not isinstance(plain, dict) or plain.get("format") != FORMAT:
        raise KeystoreError(
            "this is no keystore; `cardsim keys init FILE` makes one", "这不是密钥库;可用 `cardsim keys init 文件` 创建"
        )
    version = plain.get("version")
    if not isinstance(version, int) or version < 1:
        raise _damaged("its version is no number", "版本不是数字")
    if version > VERSION:
        raise KeystoreNewerError(
            f"the keystore has format {version}; this program knows {VERSION}: use a newer cardsim",
            f"密钥库格式为 {version},本程序只支持到 {VERSION}:请使用更新的 cardsim",
        )
    return plain


def _cost(header: dict[str, Any]) -> int:
    if _text(header, "kdf") == "key file":
        return 0
    cost = header.get("cost")
    if _text(header, "kdf") != "scrypt" or not isinstance(cost, int) or not _MIN_COST <= cost <= _MAX_COST:
        raise _damaged("it does not say how its key is made", "密钥派生参数有误")
    return cost


def _text(header: dict[str, Any], name: str) -> str:
    value = header.get(name)
    if not isinstance(value, str):
        raise _damaged(f"{name} is missing", f"缺少 {name}")
    return value


def _hex(header: dict[str, Any], name: str, size: int) -> bytes:
    try:
        value = bytes.fromhex(_text(header, name))
    except ValueError:
        value = b""
    if len(value) != size:
        raise _damaged(f"{name} is wrong", f"{name} 有误")
    return value


def _authenticated(header: dict[str, Any]) -> bytes:
    return json.dumps(header, sort_keys=True).encode("ascii")


def _damaged(en: str, zh: str) -> KeystoreDamagedError:
    return KeystoreDamagedError(f"the keystore is damaged: {en}", f"密钥库已损坏:{zh}")
