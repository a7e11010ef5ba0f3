"""The PKI application (社会保障电子认证): two SM2 key pairs, their certificates, two PINs, a master key.

Source: facts hrss-card 1, 8 and 9 (G7), from two sources, one of them a real trace. What these leave open is INFERRED:

* the FID of the application: DDF2, behind that of SSSE;
* 00 as the reference of the administrator PIN is G7's, 81 that of the user PIN; who unblocks them: the administrator
  PIN the user's, the master key the administrator's;
* all rights. The holder, or the administrator, has a signature key pair generated; the administrator imports an
  encryption key pair and writes certificates; the holder alone signs and deciphers. Public keys and certificates are
  read freely; private keys never, by nobody. Where the chip can erase, the master key does;
* sizes: a key half is kept in the form in which it is imported (CA 40 X Y, CB 20 d), a certificate file has 400h bytes
  (G7's source reads 5 times 70h);
* the master key is below a provincial root, its levels city and card.
"""

from __future__ import annotations

from typing import Final

from cardsim.zones import authorities
from cardsim.zones.access import FREE, NEVER, Key, Pin
from cardsim.zones.layouts import EVERY
from cardsim.zones.model import (
    Certainty,
    CommandSet,
    Df,
    KeyAlgorithm,
    KeyDeclaration,
    KeyHalf,
    PairUse,
    PinDeclaration,
    PinForm,
    Transparent,
    Zone,
)

USER_PIN: Final = 0x81
ADMINISTRATOR_PIN: Final = 0x00
MASTER_KEY: Final = 0x00
PUBLIC_HEAD: Final = bytes.fromhex("CA40")
PRIVATE_HEAD: Final = bytes.fromhex("CB20")
"""Tag and length in front of X Y and of d: in the commands that import them, and in the files."""

_SOURCE: Final = "hrss-card 8; rights inferred"
_USER, _ADMINISTRATOR = Pin("PKI-USER"), Pin("PKI-ADMIN")


def _size(head: bytes) -> int:
    return len(head) + head[-1]


def _key(fid: int, name: str, name_zh: str, half: KeyHalf, content: str) -> Transparent:
    return Transparent(
        fid=fid,
        name=name,
        name_zh=name_zh,
        sizes=dict.fromkeys(EVERY, _size(PRIVATE_HEAD if half.private else PUBLIC_HEAD)),
        read=NEVER if half.private else FREE,
        update=_USER | _ADMINISTRATOR if half.pair is PairUse.SIGNATURE else _ADMINISTRATOR,
        content=content,
        key=half,
        source=_SOURCE,
    )


def _certificate(fid: int, name: str, name_zh: str, content: str) -> Transparent:
    return Transparent(
        fid=fid,
        name=name,
        name_zh=name_zh,
        sizes=dict.fromkeys(EVERY, 0x400),
        read=FREE,
        update=_ADMINISTRATOR,
        content=content,
        source=_SOURCE,
    )


ADF: Final = Df(
    fid=0xDF01,
    aid=b"SS.CERT.ADF1",
    label="SS.CERT.ADF1",
    name="Keys and certificates",
    name_zh="密钥与证书",
    commands=CommandSet.PKI,
    files=(
        _key(0x0012, "Signature public key", "签名公钥", KeyHalf(PairUse.SIGNATURE), "signature_public"),
        _key(
            0x0013,
            "Signature private key",
            "签名私钥",
            KeyHalf(PairUse.SIGNATURE, private=True, use=_USER),
            "signature_private",
        ),
        _key(0x0014, "Encryption public key", "加密公钥", KeyHalf(PairUse.ENCIPHERMENT), "encryption_public"),
        _key(
            0x0015,
            "Encryption private key",
            "加密私钥",
            KeyHalf(PairUse.ENCIPHERMENT, private=True, use=_USER),
            "encryption_private",
        ),
        _certificate(0x0018, "Signature certificate", "签名证书", "certificate"),
        _certificate(0x0019, "Encryption certificate", "加密证书", "encryption_certificate"),
    ),
    pins=(
        PinDeclaration(
            "PKI-USER",
            USER_PIN,
            "用户 PIN",
            "hrss-card 8",
            unblocked_by="PKI-ADMIN",
            holder_key="pki_user_pin",
            limit="pki_user_pin_limit",
            form=PinForm.SM3,
        ),
        PinDeclaration(
            "PKI-ADMIN",
            ADMINISTRATOR_PIN,
            "管理员 PIN",
            "hrss-card 8",
            unblocked_by="MK",
            holder_key="pki_admin_pin",
            limit="pki_admin_pin_limit",
            form=PinForm.SM3,
        ),
    ),
    keys=(
        KeyDeclaration(
            name="MK", reference=MASTER_KEY, name_zh="主控密钥", sure=Certainty.SEEN_ONCE, source="hrss-card 8"
        ),
    ),
    erase=Key("MK"),
    source="hrss-card 1, 8",
)

DDF: Final = Df(
    fid=0xDDF2,
    aid=authorities.PKI.aid,
    label="PKI",
    name="PKI application",
    name_zh="社会保障电子认证应用",
    commands=CommandSet.PKI,
    # The tag 92 within 73 holds "30": met, meaning unknown.
    fci=bytes.fromhex("730492023330"),
    children=(ADF,),
    source="hrss-card 1, 8; FID inferred",
)

PKI: Final = Zone(authority=authorities.PKI, application=DDF, algorithm=KeyAlgorithm.SM4)
