"""Options of `cardsim keys` and `cardsim certs`, and of every subcommand that takes keys from a keystore."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apdu.text import Language

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

_ALGORITHMS = ("DES", "SM4")
_COMPONENTS = range(2, 10)


def keystore_options(parser: argparse.ArgumentParser, _t: Callable[[str, str], str]) -> None:
    """Add the keystore, and the ways to give its passphrase; the passphrase itself is never an argument."""
    parser.add_argument(
        "--keystore", metavar="FILE", help=_t("whose keys; the TEST keys without it", "密钥库;缺省为测试密钥")
    )
    _secret_options(parser, _t)


def force_option(parser: argparse.ArgumentParser, _t: Callable[[str, str], str]) -> None:
    """Add what lets a new file take the place of another."""
    parser.add_argument("--force", action="store_true", help=_t("replace an existing file", "覆盖已有文件"))


def keys_options(parser: argparse.ArgumentParser, _t: Callable[[str, str], str]) -> None:
    """Add the actions of `cardsim keys`."""
    add = actions_of(parser, _t)
    init = add("init", "make a keystore with new keys for every zone", "创建密钥库,为每个区域生成新密钥")
    init.add_argument("file", metavar="FILE", help=_t("keystore to write", "要写的密钥库"))
    init.add_argument(
        "--label", default="cardsim", help=_t("whose keys; in all certificates' names", "标识,写入所有证书的名称")
    )
    _secret_options(init, _t)
    _zones_option(init, _t)
    listed = add("list", "zones, their levels, key versions and authorities", "列出区域、级数、密钥版本与证书机构")
    show = add("show", "check values of a zone's root keys", "显示一个区域根密钥的校验值(KCV)")
    _zone(show, _t)
    show.add_argument("--algorithm", choices=_ALGORITHMS, help=_t("this one alone", "仅此算法"))
    show.add_argument("--values", action="store_true", help=_t("the key values too", "同时显示密钥值"))
    export = add("export", "print a root key, whole or in components", "输出根密钥(完整或分量)")
    taken = add("import", "take a root key from components, which are asked for", "由分量导入根密钥(逐个询问)")
    taken.add_argument("--kcv", metavar="HEX", help=_t("refuse a key with another check value", "校验值不符则拒绝"))
    taken.add_argument("--force", action="store_true", help=_t("also over an imported key", "覆盖先前导入的密钥"))
    for sub in (export, taken):
        sub.add_argument("name", metavar="NAME", help=_t("as `keys show` has it: HRSS/SSSE/RK", "如 HRSS/SSSE/RK"))
        sub.add_argument(
            "--algorithm", choices=_ALGORITHMS, default="DES", help=_t("of the key (DES)", "密钥算法(默认 DES)")
        )
        sub.add_argument("--version", type=int, default=0, metavar="N", help=_t("key version (0)", "密钥版本(默认 0)"))
        sub.add_argument(
            "--components",
            type=int,
            default=1,
            choices=(1, *_COMPONENTS),
            metavar="N",
            help=_t("in so many parts, added by XOR (1)", "异或分量的个数(默认 1)"),
        )
    rotate = add("rotate", "add a version of a zone's keys; a new zone gets its first", "为区域增加一个密钥版本")
    _zone(rotate, _t)
    rotate.add_argument("--ca", action="store_true", help=_t("a new zone CA instead", "改为更换区域 CA"))
    for sub in (listed, show, export, taken, rotate):
        keystore_options(sub, _t)
        _zones_option(sub, _t)


def certs_options(
    parser: argparse.ArgumentParser,
    _t: Callable[[str, str], str],
    card_options: Callable[[argparse.ArgumentParser, Callable[[str, str], str]], None],
) -> None:
    """Add the actions of `cardsim certs`."""
    add = actions_of(parser, _t)
    issue = add("issue", "issue a card's certificate", "签发卡证书")
    issue.add_argument("--id", metavar="HEX", help=_t("card identification code, without a card", "卡的识别码(无需卡)"))
    issue.add_argument("--csr", metavar="FILE", help=_t("a request that has the public key", "含公钥的证书请求"))
    issue.add_argument("--from", dest="start", metavar="DATE", help=_t("first day; the card's issue date", "起始日期"))
    issue.add_argument("--to", dest="end", metavar="DATE", help=_t("last day; the card's expiry date", "截止日期"))
    issue.add_argument("--pan", metavar="DIGITS", help=_t("zone FINANCE: the account number", "金融区域:账号"))
    issue.add_argument(
        "--static", default="", metavar="HEX", help=_t("zone FINANCE: static data to sign", "金融区域:需认证的静态数据")
    )
    issue.add_argument("--key-out", metavar="FILE", help=_t("private key, PKCS #8, not enciphered", "私钥文件(未加密)"))
    card_options(issue, _t)
    chain = add("chain", "the zone's root and CA certificates", "输出区域的根证书与 CA 证书")
    verify = add("verify", "verify a chain step by step", "逐级验证证书链")
    verify.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help=_t("certificates: [root,] CA, card; the keystore's alone may be left out", "证书:[根、]CA、卡证书"),
    )
    verify.add_argument("--root", metavar="FILE", help=_t("the trusted root; the keystore's", "受信任的根证书"))
    verify.add_argument("--crl", action="append", default=[], metavar="FILE", help=_t("revocation list", "撤销列表"))
    export = add("export", "certificates and keys of a zone's authority", "导出区域证书机构的证书与密钥")
    export.add_argument(
        "what",
        choices=("root", "ca", "root-key", "ca-key", "root-public", "ca-public"),
        help=_t("which", "导出内容"),
    )
    revoke = add("revoke", "put certificates on the zone CA's revocation list", "将证书列入区域 CA 的撤销列表")
    revoke.add_argument("files", nargs="*", metavar="FILE", help=_t("certificates", "证书"))
    revoke.add_argument(
        "--serial", action="append", default=[], metavar="HEX", help=_t("a serial number instead", "或直接给出序列号")
    )
    revoke.add_argument("--crl", required=True, metavar="FILE", help=_t("list to make or to go on", "新建或续写的列表"))
    revoke.add_argument(
        "--days", type=int, default=30, metavar="N", help=_t("until the next list (30)", "有效天数(30)")
    )
    for sub in (issue, chain, verify, export, revoke):
        sub.add_argument("--zone", default="HRSS", metavar="ZONE", help=_t("whose authority (HRSS)", "区域(默认 HRSS)"))
        keystore_options(sub, _t)
        _zones_option(sub, _t)
    for sub in (verify, revoke):
        sub.add_argument("--at", metavar="TIME", help=_t("as if it were then (now)", "按该时间处理(默认现在)"))
    for sub in (issue, chain, export):
        sub.add_argument("--out", metavar="FILE", help=_t("file to write; else printed", "输出文件;缺省输出到屏幕"))
        force_option(sub, _t)
        sub.add_argument("--der", action="store_true", help=_t("DER, not PEM; needs --out", "DER 格式,需 --out"))


def actions_of(
    parser: argparse.ArgumentParser, _t: Callable[[str, str], str]
) -> Callable[[str, str, str], argparse.ArgumentParser]:
    """Return what adds an action, with its help in both languages, to ``parser``."""
    actions = parser.add_subparsers(
        title=_t("actions", "操作"), metavar=_t("ACTION", "操作"), required=True, dest="action"
    )
    language = Language.ZH if _t("en", "zh") == "zh" else Language.EN

    def add(name: str, en: str, zh: str) -> argparse.ArgumentParser:
        sub: argparse.ArgumentParser = actions.add_parser(
            name, language=language, help=_t(en, zh), description=_t(en, zh)
        )
        sub.add_argument("--lang", choices=[language.value for language in Language], help=_t("language", "语言"))
        return sub

    return add


def _zone(parser: argparse.ArgumentParser, _t: Callable[[str, str], str]) -> None:
    parser.add_argument("zone", metavar="ZONE", help=_t("as `keys list` has it: HRSS", "区域,如 HRSS"))


def _zones_option(parser: argparse.ArgumentParser, _t: Callable[[str, str], str]) -> None:
    parser.add_argument("--zones", metavar="TOML", help=_t("an issuer's further zones", "发行方另行声明的区域"))


def _secret_options(parser: argparse.ArgumentParser, _t: Callable[[str, str], str]) -> None:
    parser.add_argument(
        "--passphrase-file",
        metavar="FILE",
        help=_t(
            "the keystore's passphrase; else CARDSIM_PASSPHRASE, else asked for",
            "密钥库口令文件;否则取 CARDSIM_PASSPHRASE,再否则询问",
        ),
    )
    parser.add_argument(
        "--key-file", metavar="FILE", help=_t("a key file instead of a passphrase", "以密钥文件代替口令")
    )
