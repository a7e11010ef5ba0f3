"""Options of `cardsim identify` and `cardsim pki`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardsim.cli.issuer_parser import actions_of, force_option, keystore_options

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    Pick = Callable[[str, str], str]
    CardOptions = Callable[[argparse.ArgumentParser, Pick], None]

_PINS = ("user", "admin")
_PAIRS = ("signature", "encryption")


def identify_options(parser: argparse.ArgumentParser, _t: Pick, card_options: CardOptions) -> None:
    """Add the options of `cardsim identify`."""
    card_options(parser, _t)
    parser.add_argument(
        "--user-pin",
        nargs="?",
        const="",
        metavar="PIN",
        help=_t("verify it before the card signs; without a value, ask for it", "签名前校验用户 PIN;无值则询问"),
    )
    parser.add_argument(
        "--ca",
        metavar="FILE",
        help=_t(
            "PEM of the trusted root and the authorities below it; else those of the keystore",
            "受信任根证书及其下级机构证书(PEM);缺省用密钥库中的",
        ),
    )
    parser.add_argument("--crl", action="append", default=[], metavar="FILE", help=_t("revocation list", "撤销列表"))
    parser.add_argument("--at", metavar="TIME", help=_t("as if it were then (now)", "按该时间处理(默认现在)"))
    parser.add_argument(
        "--challenge", metavar="HEX", help=_t("what a host wants signed; else 32 random bytes", "由主机给出的随机数")
    )
    parser.add_argument(
        "--save",
        metavar="DIR",
        help=_t("save challenge, signature and certificates in it", "将随机数、签名与证书保存到该目录"),
    )
    parser.add_argument("--json", action="store_true", help=_t("as JSON, for an issuer's host", "以 JSON 输出(供主机)"))
    keystore_options(parser, _t)


def pki_options(parser: argparse.ArgumentParser, _t: Pick, card_options: CardOptions) -> None:
    """Add the actions of `cardsim pki`."""
    add = actions_of(parser, _t)

    def action(name: str, en: str, zh: str, *pins: str) -> argparse.ArgumentParser:
        sub = add(name, en, zh)
        card_options(sub, _t)
        for pin in pins:
            _pin_option(sub, _t, pin)
        return sub

    verify = action("verify-pin", "verify a PIN", "校验 PIN")
    change = action("change-pin", "change a PIN", "修改 PIN")
    unblock = action("unblock-pin", "give a PIN all its tries back", "解锁 PIN(恢复次数)", "admin")
    reload = action("reload-pin", "unblock a PIN and set a new one", "重装 PIN(解锁并设新 PIN)", "admin")
    generate = action("generate", "make a new signature key pair on the card", "在卡上生成新的签名密钥对", *_PINS)
    read = action("read-cert", "read a certificate from the card", "读取卡中证书")
    write = action("write-cert", "write a certificate to the card", "向卡写入证书", "admin")
    sign = action("sign", "sign a file with the card's key", "用卡中私钥对文件签名", "user")
    encrypt = action("encrypt", "encipher a short file for the card", "用卡的加密公钥加密短文件")
    decrypt = action("decrypt", "decipher what was enciphered for the card", "用卡的加密私钥解密", "user")
    imported = action("import-key", "put an encryption key pair on the card", "向卡导入加密密钥对", "admin")
    _pin_arguments((verify, change, unblock, reload), _t)
    generate.add_argument(
        "--maker", choices=("1", "2"), default="1", help=_t("1: 80 C9; 2: 80 40 (1)", "1 为 80 C9;2 为 80 40(1)")
    )
    _certificate_arguments(read, write, _t)
    imported.add_argument("file", metavar="FILE", help=_t("private key, PKCS #8, DER or PEM", "私钥文件(PKCS #8)"))
    for sub in (sign, encrypt, decrypt):
        sub.add_argument("file", metavar="FILE", help=_t("file", "文件"))
    for sub in (encrypt, decrypt):
        sub.add_argument("--out", required=True, metavar="FILE", help=_t("file to write", "输出文件"))
    for sub in (generate, read, sign):
        sub.add_argument("--out", metavar="FILE", help=_t("file to write; else printed", "输出文件;缺省输出到屏幕"))
    for sub in (encrypt, decrypt, generate, read, sign):
        force_option(sub, _t)
    sign.add_argument("--raw", action="store_true", help=_t("r and s, 64 bytes, not DER", "r 与 s 共 64 字节,而非 DER"))


def _pin_arguments(subs: tuple[argparse.ArgumentParser, ...], _t: Pick) -> None:
    """Add what verify, change, unblock and reload take."""
    verify, change, unblock, reload = subs
    for sub in subs:
        sub.add_argument("which", choices=_PINS, help=_t("which PIN", "哪个 PIN"))
    for sub in (verify, change):
        one = sub.add_mutually_exclusive_group()
        one.add_argument("--pin", help=_t("the PIN; asked for without it", "PIN;缺省时询问"))
        for which in _PINS:
            one.add_argument(f"--{which}-pin", metavar="PIN", help=_t(f"of {which}: as --pin", f"{which}:同 --pin"))
    for sub in (change, reload):
        sub.add_argument("--new", metavar="PIN", help=_t("the new PIN; asked for without it", "新 PIN;缺省时询问"))
    for sub in (unblock, reload):
        keystore_options(sub, _t)


def _certificate_arguments(read: argparse.ArgumentParser, write: argparse.ArgumentParser, _t: Pick) -> None:
    for sub in (read, write):
        sub.add_argument("pair", choices=_PAIRS, help=_t("which certificate", "哪张证书"))
    read.add_argument("--der", action="store_true", help=_t("DER, not PEM; needs --out", "DER 格式,需 --out"))
    write.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help=_t(
            "certificate; without it one that the PKI authority issues for the card's key now",
            "证书文件;缺省由 PKI 机构为卡中公钥签发",
        ),
    )
    write.add_argument("--from", dest="start", metavar="DATE", help=_t("first day; the card's issue date", "起始日期"))
    write.add_argument("--to", dest="end", metavar="DATE", help=_t("last day; the card's expiry date", "截止日期"))
    keystore_options(write, _t)


def _pin_option(parser: argparse.ArgumentParser, _t: Pick, which: str) -> None:
    name, name_zh = {"user": ("user", "用户"), "admin": ("administrator", "管理员")}[which]
    parser.add_argument(
        f"--{which}-pin",
        metavar="PIN",
        help=_t(f"the {name} PIN; asked for where it is needed", f"{name_zh} PIN;需要而未给出时询问"),
    )
