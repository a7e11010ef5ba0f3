"""The PKI application as terminals use it: PINs by challenge, key pairs, signatures, certificates, master key.

No PIN and no private key crosses in clear. Source: facts hrss-card 8 and 9 (G7); signing, deciphering, unblocking and
reloading are inferred there.
"""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING, Final

from apdu import Command, Response, Sw, Text
from cardsim.zones import authorities
from cardsim.zones.model import Transparent
from cardsim.zones.pki import ADF, ADMINISTRATOR_PIN, PUBLIC_HEAD, USER_PIN
from keys.errors import Sm2Error
from keys.sm import SM
from keys.sm2 import PublicKey, Signature, encrypt
from keys.sm3 import sm3
from keys.suite import folded
from readers.errors import CardRefusedError
from readers.terminal.security import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from keys.sm2 import PrivateKey
    from readers.terminal.script import Script

CHALLENGE: Final = 16
OVERHEAD: Final = 97
"""Bytes of a ciphertext besides those of the message: 04, 64 of C1, 32 of C3."""
MAX_MESSAGE: Final = 159
"""Bytes whose ciphertext still fits into one command, without its 04."""
_PIECE: Final = 0x70
UNCOMPRESSED: Final = b"\x04"
"""How a point begins in the world outside; the card leaves it out."""
_MASTER_KEY_PREFIX: Final = bytes(3)
_DER_SEQUENCE: Final = 0x30
_MAX_FILE: Final = 0x7FFF


@unique
class PkiPin(Enum):
    """A PIN of the application; the value is its reference, P2 of VERIFY."""

    USER = USER_PIN
    ADMINISTRATOR = ADMINISTRATOR_PIN

    @property
    def text(self) -> Text:
        """What people call it."""
        if self is PkiPin.USER:
            return Text("the user PIN", "用户 PIN")
        return Text("the administrator PIN", "管理员 PIN")


def _fids(*contents: str) -> tuple[int, ...]:
    """Return the FIDs of the files with these contents."""
    found = {file.content: file.fid for file in ADF.files if isinstance(file, Transparent)}
    return tuple(found[content] for content in contents)


@unique
class KeyPair(Enum):
    """A key pair and its certificate; the value is their FIDs: public key, private key, certificate."""

    SIGNATURE = _fids("signature_public", "signature_private", "certificate")
    ENCRYPTION = _fids("encryption_public", "encryption_private", "encryption_certificate")

    @property
    def public_fid(self) -> int:
        """FID of the public key."""
        return self.value[0]

    @property
    def private_fid(self) -> int:
        """FID of the private key, which nothing reads."""
        return self.value[1]

    @property
    def certificate_fid(self) -> int:
        """FID of the certificate."""
        return self.value[2]


@unique
class Maker(Enum):
    """Whose command generates the key pair (facts hrss-card 8: two makers of cards)."""

    FIRST = "1"
    """80 C9."""
    SECOND = "2"
    """80 40."""


def select_pki() -> Script[None]:
    """Select the application and in it the ADF with keys and certificates. Raises CardRefusedError."""
    by_name = Command(0x00, 0xA4, 0x04, 0x00, authorities.PKI.aid)
    response = yield by_name
    if not response.ok:
        yield Command(0x00, 0xA4, 0x00, 0x00, b"\x3f\x00")
        response = yield by_name
    if response.ok:
        response = yield Command(0x00, 0xA4, 0x04, 0x00, ADF.aid)
    expect(
        response,
        "this card has no PKI application that answers here (3rd-generation cards have one)",
        "该卡没有可用的 PKI 应用(第三代卡才有)",
    )


def read_certificate(pair: KeyPair) -> Script[bytes]:
    """Return the certificate (DER) of ``pair``, nothing where none was written. Raises CardRefusedError."""
    fid = pair.certificate_fid
    yield from _select_file(fid)
    content = yield from _read(0, _PIECE, fid)
    size = _der_size(content)
    while len(content) < size:
        piece = yield from _read(len(content), min(_PIECE, size - len(content)), fid)
        if not piece:
            raise CardRefusedError(
                f"file {fid:04X} ends inside its certificate: {len(content)} of {size} bytes",
                f"文件 {fid:04X} 中的证书不完整:{len(content)}/{size} 字节",
            )
        content += piece
    return content[:size]


def write_certificate(pair: KeyPair, certificate: bytes) -> Script[None]:
    """Write ``certificate`` (DER) from the start of its file, the administrator PIN verified; or CardRefusedError."""
    fid = pair.certificate_fid
    yield from _select_file(fid)
    for offset in range(0, len(certificate), _PIECE):
        response = yield Command(0x00, 0xD6, offset >> 8, offset & 0xFF, certificate[offset : offset + _PIECE])
        expect(
            response,
            f"file {fid:04X} does not take the certificate's bytes from {offset} on",
            f"文件 {fid:04X} 拒绝写入证书(自第 {offset} 字节起)",
        )


def read_public_key(pair: KeyPair) -> Script[PublicKey | None]:
    """Return the public key of ``pair``; ``None`` where the card has none, or none that is a key."""
    yield from _select_file(pair.public_fid)
    response = yield Command(0x00, 0xB0, 0x00, 0x00, le=len(PUBLIC_HEAD) + 64)
    return _public_key(response.data) if response.ok else None


def pin_key(pin: bytes) -> bytes:
    """Return the 16-byte SM4 key that a PIN (two digits a byte) is verified and changed with."""
    return sm3(pin)[:16]


def verify_pin(which: PkiPin, pin: bytes) -> Script[None]:
    """Prove knowledge of ``pin``. Raises CardRefusedError with the tries that are left."""
    challenge = yield from _get_challenge()
    response = yield Command(0x00, 0x20, 0x01, which.value, SM.encrypt(pin_key(pin), challenge))
    expect(response, f"the card does not accept {which.text.en}", f"卡不接受{which.text.zh}")


def change_pin(which: PkiPin, old: bytes, new: bytes) -> Script[None]:
    """Change a PIN; the old one enciphers the new one and makes the MAC. Raises CardRefusedError."""
    response = yield from _protected(0x5E, 0x01, which.value, pin_key(old), new)
    expect(response, f"the card does not change {which.text.en}", f"卡未修改{which.text.zh}")


def unblock_pin(which: PkiPin, key: bytes, new: bytes | None = None) -> Script[None]:
    """Give a PIN its tries back; with ``new``, set it as well. Raises CardRefusedError.

    ``key``: of the user PIN the administrator PIN's (:func:`pin_key`), of the administrator PIN the master key; what it
    belongs to is verified before.
    """
    response = yield from _protected(0x24, 0x00 if new is None else 0x01, which.value, key, new)
    expect(response, f"the card does not unblock {which.text.en}", f"卡未解锁{which.text.zh}")


def master_key_authenticate(key: bytes) -> Script[None]:
    """Prove the application's master key, 16 bytes. Raises CardRefusedError."""
    challenge = yield from _get_challenge()
    response = yield Command(0x00, 0x82, 0x00, 0x00, SM.encrypt(key, challenge))
    expect(response, "the card does not accept the master key", "卡不接受主控密钥")


def update_master_key(old: bytes, new: bytes) -> Script[None]:
    """Replace the application's master key, 16 bytes. Raises CardRefusedError."""
    response = yield from _protected(0xD4, 0x01, 0x00, old, _MASTER_KEY_PREFIX + new)
    expect(response, "the card does not change the master key", "卡未更新主控密钥")


def generate(maker: Maker = Maker.FIRST) -> Script[PublicKey]:
    """Make a new signature key pair and return its public key; a PIN is verified before. Raises CardRefusedError."""
    public, private = (fid.to_bytes(2, "big") for fid in KeyPair.SIGNATURE.value[:2])
    places = b"\xc0\x02" + public + b"\xc2\x02" + private
    if maker is Maker.FIRST:
        response = yield Command(0x80, 0xC9, 0x82, 0x00, places)
    else:
        response = yield Command(0x80, 0x40, 0x00, 0x00, places)
    expect(response, "the card does not generate a key pair", "卡未生成密钥对")
    if maker is Maker.FIRST:
        response = yield Command(0x80, 0xC9, 0x82, 0x80, le=0)
        key = _public_key(response.data) if response.ok else None
    else:
        key = yield from read_public_key(KeyPair.SIGNATURE)
    if key is None:
        raise CardRefusedError("the card gives no public key for its new pair", "卡未返回新密钥对的公钥")
    return key


def sign(digest: bytes) -> Script[Signature]:
    """Return the card's signature of ``digest`` (:func:`keys.sm2.digest_of`, 32 bytes). Raises CardRefusedError."""
    response = yield Command(0x00, 0x2A, 0x9E, 0x9A, digest, le=0)
    expect(response, "the card does not sign", "卡未签名")
    try:
        return Signature(response.data)
    except Sm2Error as error:
        raise CardRefusedError(f"the card's answer: {error}", f"卡的响应:{error.text.zh}") from error


def encipher(message: bytes) -> Script[bytes]:
    """Return ``message`` enciphered by the card for itself: C1 (with its 04), C3, C2. Raises CardRefusedError."""
    response = yield Command(0x00, 0x2A, 0x86, 0x80, message, le=0)
    expect(response, "the card does not encipher", "卡未加密")
    return UNCOMPRESSED + response.data


def decipher(ciphertext: bytes) -> Script[bytes]:
    """Return the message of ``ciphertext``: C1 (with its 04), C3, C2. Raises CardRefusedError."""
    response = yield Command(0x00, 0x2A, 0x80, 0x86, ciphertext[1:], le=0)
    expect(response, "the card does not decipher", "卡未解密")
    return response.data


def import_encryption_key(private: PrivateKey, signing: PublicKey, entropy: Callable[[int], bytes]) -> Script[None]:
    """Put an encryption key pair on the card, the private key under a session key; or CardRefusedError.

    ``signing``: the card's public signature key, for which the session key is enciphered. The administrator PIN is
    verified.
    """
    session = entropy(16)
    envelope = encrypt(signing, session)[1:]
    own = KeyPair.SIGNATURE.private_fid.to_bytes(2, "big")
    to_public, to_private = (fid.to_bytes(2, "big") for fid in KeyPair.ENCRYPTION.value[:2])
    data = b"\xc2\x02" + own + b"\xc1\x82" + len(envelope).to_bytes(2, "big") + envelope
    response = yield Command(0x80, 0x4E, 0x00, 0x01, data, le=0)
    expect(response, "the card does not take the session key", "卡不接受会话密钥")
    if response.data != session:
        raise CardRefusedError(
            "the card opens the session key's envelope to something else: its signature keys are not a pair",
            "卡解出的会话密钥不符:其签名公钥与私钥不成对",
        )
    response = yield Command(0x80, 0x4A, 0x02, 0x10, b"\xc1\x10" + session)
    expect(response, "the card does not load the session key", "卡未装载会话密钥")
    response = yield Command(0x80, 0xC2, 0x40, 0x00, b"\xc0\x02" + to_public + PUBLIC_HEAD + private.public[1:])
    expect(response, "the card does not take the public encryption key", "卡不接受加密公钥")
    sealed = SM.encrypt(session, bytes.fromhex(private.hex()))
    response = yield Command(0x80, 0xC2, 0xC0, 0x01, b"\xc2\x02" + to_private + b"\xcb\x20" + sealed)
    expect(response, "the card does not take the private encryption key", "卡不接受加密私钥")


def _protected(ins: int, p1: int, p2: int, key: bytes, secret: bytes | None) -> Script[Response]:
    """Send a command with a MAC under ``key`` (IV: the challenge), in front of it ``secret`` enciphered if given."""
    challenge = yield from _get_challenge()
    sealed = b"" if secret is None else SM.encrypt(key, SM.pad(bytes((len(secret),)) + secret))
    header = bytes((0x84, ins, p1, p2, len(sealed) + 4))
    mac = folded(SM.mac(key, header + sealed, challenge))
    return (yield Command(0x84, ins, p1, p2, sealed + mac))


def _get_challenge() -> Script[bytes]:
    response = yield Command(0x00, 0x84, 0x00, 0x00, le=CHALLENGE)
    expect(response, "GET CHALLENGE is refused", "取随机数被拒绝")
    return response.data


def _select_file(fid: int) -> Script[None]:
    response = yield Command(0x00, 0xA4, 0x00, 0x00, fid.to_bytes(2, "big"))
    expect(response, f"file {fid:04X} of the PKI application can not be selected", f"无法选择 PKI 应用的文件 {fid:04X}")


def _read(offset: int, size: int, fid: int) -> Script[bytes]:
    """Return ``size`` bytes, or those there are up to the end of the file."""
    response = yield Command(0x00, 0xB0, offset >> 8, offset & 0xFF, le=size)
    if int(response.sw) not in (Sw.END_OF_FILE, Sw.WRONG_OFFSET):
        expect(response, f"file {fid:04X} can not be read", f"无法读取文件 {fid:04X}")
    return response.data


def _der_size(start: bytes) -> int:
    """Return how long the DER value is that begins so, 0 when it is none: the file was never written."""
    if len(start) < 2 or start[0] != _DER_SEQUENCE:
        return 0
    count = start[1] & 0x7F if start[1] & 0x80 else 0
    if count > 2:
        return 0
    size = int.from_bytes(start[2 : 2 + count], "big") if count else start[1]
    return min(2 + count + size, _MAX_FILE)


def _public_key(data: bytes) -> PublicKey | None:
    try:
        return PublicKey.parse(data.removeprefix(PUBLIC_HEAD))
    except Sm2Error:
        return None
