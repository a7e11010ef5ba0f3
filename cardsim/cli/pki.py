"""`cardsim pki`: PINs, key pairs and certificates of the PKI application of a 3rd-generation card."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from apdu import Sw, Text, format_hex
from cardsim.cli.cards import InputFileError, OptionError, connected, read_bytes
from cardsim.cli.certs import card_elements, period_of, read_parsed
from cardsim.cli.hsm import Proofs, meet_card
from cardsim.cli.keyrings import opened_keyring
from cardsim.cli.output import check_new, write_new
from cardsim.cli.pins import NEW_PIN, pki_pin_bytes
from cardsim.zones import pki as zone
from cardsim.zones.factors import key_name
from keys.hsm import SoftwareHsm
from keys.pki.certificate import Certificate
from keys.pki.keyfiles import parse_private_key, public_key_der
from keys.pki.pem import PUBLIC_KEY, to_pem
from keys.sm import SM
from keys.sm2 import digest_of
from readers.connect.layers import with_layers
from readers.errors import CardRefusedError
from readers.terminal import pki
from readers.terminal.hrss import read_hrss, select_hrss
from readers.terminal.pki import KeyPair, Maker, PkiPin
from readers.terminal.script import run as play

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from cardsim.cli.console import Console
    from keys.keyring import Keyring
    from keys.sm2 import PublicKey, Signature
    from readers.terminal.hrss import HrssReport
    from readers.terminal.script import Script

T = TypeVar("T")

_PINS: Final = {"user": PkiPin.USER, "admin": PkiPin.ADMINISTRATOR}
_BLOCKED: Final = Text(
    "`cardsim pki unblock-pin` or `reload-pin` opens a blocked PIN: the user's by the administrator PIN, "
    "the administrator's by the master key",
    "可用 `cardsim pki unblock-pin` 或 `reload-pin` 解锁:用户 PIN 凭管理员 PIN,管理员 PIN 凭主控密钥",
)
_LARGEST_SIGNED: Final = 256 << 20
_PAIRS: Final = {"signature": KeyPair.SIGNATURE, "encryption": KeyPair.ENCRYPTION}


def run(options: argparse.Namespace, console: Console) -> int:
    """Do what the action says; 1 when the card refuses."""
    if getattr(options, "out", None):
        check_new(Path(options.out), overwrite=options.force)
    try:
        _ACTIONS[options.action](options, console)
    except CardRefusedError as error:
        console.error(error.text)
        if error.status is not None and (
            error.status.tries_left == 0 or int(error.status) == Sw.AUTHENTICATION_BLOCKED
        ):
            console.note(_BLOCKED.en, _BLOCKED.zh)
        return 1
    return 0


def _verify_pin(options: argparse.Namespace, console: Console) -> None:
    which = _PINS[options.which]
    pin = _own_pin(options, console)
    _play(options, console, pki.verify_pin(which, pin))
    console.say(f"{which.text.en} is right", f"{which.text.zh}正确")


def _change_pin(options: argparse.Namespace, console: Console) -> None:
    """Verify the old PIN first: the refusal of a change tells no tries."""
    which = _PINS[options.which]
    old, new = _own_pin(options, console), pki_pin_bytes(options.new, console, NEW_PIN)
    _play(options, console, pki.change_pin(which, old, new), pki.verify_pin(which, old))
    console.say(f"{which.text.en} is changed", f"{which.text.zh}已修改")


def _own_pin(options: argparse.Namespace, console: Console) -> bytes:
    """Return the PIN that is verified or changed, from ``--pin`` or the option with its name."""
    which = options.which
    for other in _PINS:
        if other != which and getattr(options, f"{other}_pin") is not None:
            raise OptionError(
                f"pki {options.action} {which} has no use for --{other}-pin",
                f"pki {options.action} {which} 不使用 --{other}-pin",
            )
    given = options.pin if options.pin is not None else getattr(options, f"{which}_pin")
    return pki_pin_bytes(given, console, _PINS[which].text)


def _unblock_pin(options: argparse.Namespace, console: Console) -> None:
    """Unblock, or reload where there is a new PIN: the user PIN by the administrator's, that one by the master key."""
    which = _PINS[options.which]
    reload = options.action == "reload-pin"
    if which is PkiPin.ADMINISTRATOR:
        if options.admin_pin is not None:
            raise OptionError("the administrator PIN is unblocked by the master key", "管理员 PIN 由主控密钥解锁")
        keyring, admin = opened_keyring(options, console), b""
    else:
        if options.keystore or options.key_file or options.passphrase_file:
            raise OptionError("the user PIN is unblocked by the administrator PIN", "用户 PIN 由管理员 PIN 解锁")
        keyring, admin = None, _admin_pin(options, console)
    new = pki_pin_bytes(options.new, console, NEW_PIN) if reload else None

    def script(atr: bytes) -> Script[None]:
        if keyring:
            key = yield from _master_key(keyring, atr)
            yield from pki.select_pki()
            yield from pki.master_key_authenticate(key)
        else:
            key = pki.pin_key(admin)
            yield from pki.select_pki()
            yield from pki.verify_pin(PkiPin.ADMINISTRATOR, admin)
        yield from pki.unblock_pin(which, key, new)

    _converse(options, console, script)
    also, also_zh = (" and is the new one", ",并已设为新 PIN") if reload else ("", "")
    console.say(f"{which.text.en} has all its tries again{also}", f"{which.text.zh}的尝试次数已恢复{also_zh}")


def _master_key(keyring: Keyring, atr: bytes) -> Script[bytes]:
    """Return the application's master key of this card, whose HRSS application shows that it has the keyring's keys."""
    fci = yield from select_hrss()
    terminal = yield from meet_card(atr, fci, Proofs(keyring=None if keyring.is_test else keyring))
    (declared,) = zone.ADF.keys
    name = key_name(zone.ADF, declared, terminal.version, zone=zone.PKI)
    return SoftwareHsm(SM, keyring.roots(SM.name)).card_key(name, terminal.factors)


def _generate(options: argparse.Namespace, console: Console) -> None:
    if options.admin_pin is not None:
        proof = pki.verify_pin(PkiPin.ADMINISTRATOR, _admin_pin(options, console))
    else:
        proof = pki.verify_pin(PkiPin.USER, _user_pin(options, console))
    public = _play(options, console, pki.generate(Maker(options.maker)), proof)
    _out(options, console, to_pem(PUBLIC_KEY, public_key_der(public)))
    console.note(
        "the certificate on the card is the old key's: `cardsim pki write-cert signature` makes one for the new key",
        "卡中证书仍属旧密钥;可用 `cardsim pki write-cert signature` 为新密钥签发",
    )


def _read_cert(options: argparse.Namespace, console: Console) -> None:
    if options.der and not options.out:
        raise OptionError("--der needs --out", "--der 需与 --out 同用")
    pair = _PAIRS[options.pair]
    raw = _play(options, console, pki.read_certificate(pair))
    if not raw:
        fid = pair.certificate_fid
        raise CardRefusedError(f"no certificate stands in file {fid:04X}", f"文件 {fid:04X} 中没有证书")
    certificate = Certificate(raw)
    _out(options, console, bytes(certificate) if options.der else certificate.pem)


def _write_cert(options: argparse.Namespace, console: Console) -> None:
    """Write a certificate from a file, or one that the PKI authority of the keyring issues for the card's key."""
    pair = _PAIRS[options.pair]
    given, keyring = None, None
    if options.file:
        if options.start or options.end or options.keystore or options.key_file or options.passphrase_file:
            raise OptionError(
                "a certificate from a file is as it is: no dates, no keystore", "证书文件不可再指定日期或密钥库"
            )
        given = read_parsed(Certificate.parse, options.file)
    else:
        keyring = opened_keyring(options, console)
    admin = _admin_pin(options, console)

    def script() -> Script[tuple[Certificate, PublicKey | None]]:
        report = None if given else (yield from read_hrss())
        yield from pki.select_pki()
        public = yield from pki.read_public_key(pair)
        certificate = given
        if keyring and report:
            certificate = _issued(options, keyring, _present(public, pair), report)
        assert certificate  # noqa: S101  given, or issued
        yield from pki.verify_pin(PkiPin.ADMINISTRATOR, admin)
        yield from pki.write_certificate(pair, certificate)
        return certificate, public

    certificate, public = _play(options, console, script())
    if public != certificate.public_key:
        console.note("warning: the card has another key than the certificate", "警告:证书中的公钥不是该卡的公钥")
    fid, name, serial = pair.certificate_fid, certificate.name, certificate.serial
    console.say(f"file {fid:04X}: {name}, serial number {serial:X}", f"文件 {fid:04X}:{name},序列号 {serial:X}")


def _issued(options: argparse.Namespace, keyring: Keyring, public: PublicKey, report: HrssReport) -> Certificate:
    """Return a certificate for a card's key, by default for the card's own time."""
    code, values = card_elements(report)
    period = period_of(options.start or values.get("issue_date"), options.end or values.get("expiry_date"))
    name, encipherment = zone.PKI.name, options.pair == "encryption"
    authority, versions = keyring.authority(zone.PKI.authority.zone_id), ((name, keyring.versions(name)[-1]),)
    return authority.card(public, code, period, versions, encipherment=encipherment)


def _sign(options: argparse.Namespace, console: Console) -> None:
    message, pin = read_bytes(Path(options.file), _LARGEST_SIGNED), _user_pin(options, console)

    def script() -> Script[Signature]:
        public = _present((yield from pki.read_public_key(KeyPair.SIGNATURE)), KeyPair.SIGNATURE)
        yield from pki.verify_pin(PkiPin.USER, pin)
        return (yield from pki.sign(digest_of(public, message)))

    signature = _play(options, console, script())
    raw = bytes(signature) if options.raw else signature.der
    if options.out:
        write_new(Path(options.out), raw, overwrite=options.force)
    else:
        console.line(format_hex(raw))


def _encrypt(options: argparse.Namespace, console: Console) -> None:
    message = read_bytes(Path(options.file))
    if not 0 < len(message) <= pki.MAX_MESSAGE:
        raise InputFileError(
            f"{options.file}: {len(message)} bytes; the card enciphers 1 to {pki.MAX_MESSAGE}",
            f"{options.file}:{len(message)} 字节;卡一次可加密 1 至 {pki.MAX_MESSAGE} 字节",
        )
    write_new(Path(options.out), _play(options, console, pki.encipher(message)), overwrite=options.force)


def _decrypt(options: argparse.Namespace, console: Console) -> None:
    ciphertext = read_bytes(Path(options.file))
    sizes = range(pki.OVERHEAD + 1, pki.OVERHEAD + pki.MAX_MESSAGE + 1)
    if len(ciphertext) not in sizes or ciphertext[:1] != pki.UNCOMPRESSED:
        raise InputFileError(
            f"{options.file}: not 04, C1, C3, C2 of {sizes[0]} to {sizes[-1]} bytes, as SM2 enciphers",
            f"{options.file}:不是 SM2 密文(04、C1、C3、C2,{sizes[0]} 至 {sizes[-1]} 字节)",
        )
    proof = pki.verify_pin(PkiPin.USER, _user_pin(options, console))
    write_new(Path(options.out), _play(options, console, pki.decipher(ciphertext), proof), overwrite=options.force)


def _import_key(options: argparse.Namespace, console: Console) -> None:
    private, admin = read_parsed(parse_private_key, options.file), _admin_pin(options, console)

    def script() -> Script[None]:
        public = _present((yield from pki.read_public_key(KeyPair.SIGNATURE)), KeyPair.SIGNATURE)
        yield from pki.verify_pin(PkiPin.ADMINISTRATOR, admin)
        yield from pki.import_encryption_key(private, public, secrets.token_bytes)

    _play(options, console, script())
    console.say(
        "the encryption key pair is on the card; `cardsim pki write-cert encryption` certifies it",
        "加密密钥对已导入;可用 `cardsim pki write-cert encryption` 签发证书",
    )


def _user_pin(options: argparse.Namespace, console: Console) -> bytes:
    return pki_pin_bytes(options.user_pin, console, PkiPin.USER.text)


def _admin_pin(options: argparse.Namespace, console: Console) -> bytes:
    return pki_pin_bytes(options.admin_pin, console, PkiPin.ADMINISTRATOR.text)


def _present(public: PublicKey | None, pair: KeyPair) -> PublicKey:
    if public is None:
        fid = pair.public_fid
        raise CardRefusedError(f"the card has no public key in file {fid:04X}", f"卡的文件 {fid:04X} 中没有公钥")
    return public


def _play(options: argparse.Namespace, console: Console, script: Script[T], proof: Script[None] | None = None) -> T:
    """Select the application and play ``proof`` and ``script`` on the card that the options name."""

    def whole(_atr: bytes) -> Script[T]:
        yield from pki.select_pki()
        if proof:
            yield from proof
        return (yield from script)

    return _converse(options, console, whole)


def _converse(options: argparse.Namespace, console: Console, script: Callable[[bytes], Script[T]]) -> T:
    """Play the script that ``script`` makes for an ATR on the card that the options name."""
    with connected(options, console, secrets_used=True) as (bare, _, sink):
        return play(script(bare.atr), with_layers(bare, trace=sink))


def _out(options: argparse.Namespace, console: Console, content: bytes) -> None:
    """Write ``content``, or print it, which is PEM then."""
    if options.out:
        write_new(Path(options.out), content, overwrite=options.force)
    else:
        for line in content.decode("ascii").splitlines():
            console.line(line)


_ACTIONS: Final[dict[str, Callable[[argparse.Namespace, Console], None]]] = {
    "verify-pin": _verify_pin,
    "change-pin": _change_pin,
    "unblock-pin": _unblock_pin,
    "reload-pin": _unblock_pin,
    "generate": _generate,
    "read-cert": _read_cert,
    "write-cert": _write_cert,
    "sign": _sign,
    "encrypt": _encrypt,
    "decrypt": _decrypt,
    "import-key": _import_key,
}
