"""Options of the subcommands that copy cards: export, import, dump, diff, clone, apply, zone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cardsim.cli.issuer_parser import force_option, keystore_options
from cardsim.cli.perso_parser import zone_options
from cardsim.cli.psam_parser import read_auth_options

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    Pick = Callable[[str, str], str]
    Options = Callable[[argparse.ArgumentParser, Pick], None]
    Add = Callable[[str, str, str, str, Options], None]


class MoreOptions(NamedTuple):
    """What adds options that other subcommands have too: those of a card, of a trace, of proving keys, of SM4."""

    card: Options
    trace: Options
    key: Options
    sm4: Options


def copy_commands(add: Add, more: MoreOptions) -> None:
    """Add the subcommands."""
    add("export", "export", "write a card file as readable JSON", "把卡文件导出为可读的 JSON", _export_options)
    add("import", "importing", "make a card file of such JSON", "由该 JSON 制作卡文件", _import_options)
    add(
        "dump",
        "dump",
        "read everything a card gives, any card",
        "读取任意卡片可读的全部内容",
        lambda sub, _t: _dump_options(sub, _t, more),
    )
    add(
        "diff",
        "diff",
        "where two cards differ (0 nowhere, 1 somewhere)",
        "比较两张卡(0 相同,1 不同)",
        lambda sub, _t: _diff_options(sub, _t, more),
    )
    add(
        "apply",
        "apply",
        "write to a card what differs from JSON",
        "把 JSON 中不同的内容写入卡",
        lambda sub, _t: _apply_options(sub, _t, more),
    )
    add(
        "clone",
        "clone",
        "copy a card into a card file",
        "把一张卡复制为卡文件",
        lambda sub, _t: _clone_options(sub, _t, more),
    )
    add("zone", "zones", "zones of an issued card", "已发行卡上的区域", lambda sub, _t: _zone_options(sub, _t, more))


def _export_options(parser: argparse.ArgumentParser, _t: Pick) -> None:
    parser.add_argument("card", metavar="FILE", help=_t("card file", "卡文件"))
    parser.add_argument(
        "--keys", action="store_true", help=_t("with the values of PINs and keys", "同时导出 PIN 与密钥的值")
    )
    parser.add_argument("--out", metavar="JSON", help=_t("file to write (standard output)", "输出文件(默认标准输出)"))
    force_option(parser, _t)


def _import_options(parser: argparse.ArgumentParser, _t: Pick) -> None:
    parser.add_argument("json", metavar="JSON", help=_t("what `cardsim export` wrote", "cardsim export 的输出"))
    parser.epilog = _t(
        "What an export without --keys does not have comes from the keyring: symmetric keys, and key pairs that its "
        "authority made. PINs and a transport code have to be given.",
        "未加 --keys 的导出所缺内容取自密钥库:对称密钥,以及由其机构生成的密钥对;PIN 与传输代码须另行给出。",
    )
    parser.add_argument("--out", required=True, metavar="FILE", help=_t("card file to write", "要写的卡文件"))
    for option, en, zh in (
        ("--pin", "the PIN", "PIN"),
        ("--user-pin", "the user PIN of the PKI application", "PKI 应用的用户 PIN"),
        ("--admin-pin", "the administrator PIN of the PKI application", "PKI 应用的管理员 PIN"),
    ):
        parser.add_argument(
            option,
            nargs="?",
            const="",
            metavar="PIN",
            help=_t(f"{en}, where it has no value; without one here, ask for it", f"{zh}(JSON 中无值时);无值则询问"),
        )
    parser.add_argument(
        "--transport-key",
        metavar="HEX",
        help=_t(
            "transport code, 8 bytes (that of the JSON, else FFFFFFFFFFFFFFFF)",
            "传输代码,8 字节(缺省取 JSON 中的,否则为 FFFFFFFFFFFFFFFF)",
        ),
    )
    _prefer(parser, _t)
    keystore_options(parser, _t)
    force_option(parser, _t)


def _dump_options(parser: argparse.ArgumentParser, _t: Pick, more: MoreOptions) -> None:
    more.card(parser, _t)
    _secret_options(parser, _t, more)
    parser.add_argument("--json", action="store_true", help=_t("as JSON, for programs", "以 JSON 输出"))


def _diff_options(parser: argparse.ArgumentParser, _t: Pick, more: MoreOptions) -> None:
    parser.add_argument(
        "cards", nargs="+", metavar="FILE", help=_t("card file, export or dump (JSON)", "卡文件、导出或转储(JSON)")
    )
    parser.add_argument("--reader", metavar="NAME", help=_t("the other card, in a reader", "另一张卡所在的读卡器"))
    parser.set_defaults(card=None)
    more.trace(parser, _t)
    _secret_options(parser, _t, more)


def _apply_options(parser: argparse.ArgumentParser, _t: Pick, more: MoreOptions) -> None:
    parser.add_argument("json", metavar="JSON", help=_t("an export, or a dump --json", "export 或 dump --json 的输出"))
    more.card(parser, _t)
    more.key(parser, _t)
    parser.add_argument("--pin", nargs="?", const="", help=_t("verify this PIN first", "先校验 PIN"))
    parser.add_argument(
        "--protect",
        choices=("none", "mac", "cipher"),
        default="none",
        help=_t("line protection, as the card's files want it (none)", "线路保护,须与卡上文件的要求一致(默认无)"),
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help=_t(
            "compare under keys and PIN as without it, list the commands, write nothing",
            "照常凭密钥与 PIN 比较并列出命令,不写入",
        ),
    )
    _prefer(parser, _t)


def _clone_options(parser: argparse.ArgumentParser, _t: Pick, more: MoreOptions) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help=_t("card file, and the copy", "卡文件与副本"))
    parser.add_argument("--reader", metavar="NAME", help=_t("copy the card in this reader", "复制该读卡器中的卡"))
    parser.set_defaults(card=None)
    more.trace(parser, _t)
    parser.add_argument(
        "--identification", metavar="HEX", help=_t("another card identification code", "改用另一卡识别码")
    )
    parser.add_argument("--holder", metavar="JSON", help=_t("issue it to another holder", "改发给另一持卡人"))
    _secret_options(parser, _t, more)
    force_option(parser, _t)


def _zone_options(parser: argparse.ArgumentParser, _t: Pick, more: MoreOptions) -> None:
    parser.add_argument(
        "action",
        metavar="ACTION",
        choices=("list", "block", "unblock", "add", "remove"),
        help=_t("list, block, unblock, add, remove", "list、block、unblock、add、remove"),
    )
    parser.add_argument("zone", nargs="?", metavar="ZONE", help=_t("such as HRSS", "如 HRSS"))
    more.card(parser, _t)
    more.key(parser, _t)
    parser.add_argument("--holder", metavar="JSON", help=_t("add: what the zone is filled with", "add:持卡人数据"))
    parser.add_argument(
        "--region",
        metavar="DIGITS",
        help=_t("unblock, remove: first six digits of the card's code", "unblock、remove:卡识别码前六位"),
    )
    parser.add_argument(
        "--algorithm",
        choices=("DES", "SM4"),
        help=_t("with --region: of the zone's keys", "与 --region 同用:区域密钥算法"),
    )
    parser.add_argument(
        "--key-version",
        type=int,
        choices=range(4),
        metavar="N",
        help=_t("with --region: of the zone's keys, 0 to 3 (0)", "与 --region 同用:区域密钥版本,0 至 3(默认 0)"),
    )
    zone_options(parser, _t)


def _secret_options(parser: argparse.ArgumentParser, _t: Pick, more: MoreOptions) -> None:
    read_auth_options(parser, _t)
    keystore_options(parser, _t)
    more.sm4(parser, _t)
    parser.add_argument(
        "--pin",
        nargs="?",
        const="",
        help=_t("verify this PIN first; without a value, ask for it", "先校验 PIN;无值则询问"),
    )


def _prefer(parser: argparse.ArgumentParser, _t: Pick) -> None:
    parser.add_argument(
        "--prefer",
        choices=("hex", "value"),
        help=_t("which counts where a record's two spellings differ", "记录的 hex 与 value 不一致时以何者为准"),
    )
