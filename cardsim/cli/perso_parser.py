"""Options of `cardsim perso`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardsim.cli.issuer_parser import actions_of, keystore_options

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def perso_options(
    parser: argparse.ArgumentParser,
    _t: Callable[[str, str], str],
    card_options: Callable[[argparse.ArgumentParser, Callable[[str, str], str]], None],
) -> None:
    """Add the action `run`."""
    run = actions_of(parser, _t)("run", "make a card of a blank one, by APDUs alone", "仅用 APDU 把空白卡制成成品卡")
    card_options(run, _t)
    run.add_argument("--profile", required=True, choices=("gen2", "gen3"), help=_t("which card", "卡的种类"))
    run.add_argument(
        "--layout",
        choices=("1.00", "2.00", "3.00"),
        help=_t("data layout (2.00; gen3: 3.00)", "数据布局(默认 2.00;gen3 为 3.00)"),
    )
    run.add_argument(
        "--zones",
        metavar="NAMES",
        help=_t("zones to make, such as HRSS,PKI (the profile's)", "要制作的区域,如 HRSS,PKI"),
    )
    run.add_argument("--holder", metavar="JSON", help=_t("holder data; synthetic without it", "持卡人数据;缺省为虚构"))
    raw_option(run, _t)
    run.add_argument("--chip-profile", metavar="TOML", help=_t("settings that override", "覆盖默认的设置"))
    keystore_options(run, _t)
    run.add_argument("--dry-run", action="store_true", help=_t("list the APDUs, write nothing", "只列出 APDU,不写卡"))
    run.add_argument(
        "--atr",
        metavar="HEX",
        help=_t("with --dry-run, without a card: of the one that it is for", "--dry-run 且不指定卡时的 ATR"),
    )
    run.add_argument(
        "--resume", action="store_true", help=_t("go on where a run was broken off; verifies", "从中断处继续,并验证")
    )
    run.add_argument(
        "--verify", action="store_true", help=_t("read back, compare, prove keys and PINs", "读回比较,并验证密钥与 PIN")
    )
    run.add_argument(
        "--transport-code",
        default="FF" * 8,
        metavar="HEX",
        help=_t("of a factory-fresh card (8 bytes FF)", "出厂空白卡的传输码(默认 8 字节 FF)"),
    )
    run.add_argument(
        "--erasable",
        action="store_true",
        help=_t(
            "anybody may wipe the card, to make it blank again (else nobody can)",
            "允许任何人擦除该卡以便重新制卡(默认任何人都不能)",
        ),
    )
    run.add_argument(
        "--transport-key",
        metavar="HEX",
        help=_t("master key of a card that has an MF already", "已有 MF 的卡的主控密钥"),
    )
    allowed_options(run, _t)


def raw_option(parser: argparse.ArgumentParser, _t: Callable[[str, str], str]) -> None:
    """Add what takes a holder's elements as they are."""
    parser.add_argument(
        "--raw-elements",
        action="store_true",
        help=_t(
            "values under `elements` are hexadecimal bytes, stored unchecked",
            "elements 的值为十六进制字节,不校验直接存储",
        ),
    )


def allowed_options(parser: argparse.ArgumentParser, _t: Callable[[str, str], str]) -> None:
    """Add what says which real cards may be written."""
    parser.add_argument(
        "--atr-list",
        metavar="FILE",
        help=_t(
            "ATRs of real cards that may be written (~/.config/cardsim/blank-cards.txt)",
            "允许写入的实卡 ATR 列表(默认 ~/.config/cardsim/blank-cards.txt)",
        ),
    )
    parser.add_argument("--any-card", action="store_true", help=_t("write to any card", "允许写入任何卡"))


def zone_options(parser: argparse.ArgumentParser, _t: Callable[[str, str], str]) -> None:
    """Add what `cardsim zone add` takes for a card in a reader."""
    parser.add_argument(
        "--profile", choices=("gen2", "gen3"), help=_t("add, in a reader: which card (gen3)", "add(读卡器):卡的种类")
    )
    parser.add_argument(
        "--layout",
        choices=("1.00", "2.00", "3.00"),
        help=_t("add, in a reader: data layout (2.00; gen3: 3.00)", "add(读卡器):数据布局"),
    )
    parser.add_argument(
        "--chip-profile", metavar="TOML", help=_t("add, in a reader: settings that override", "add(读卡器):覆盖的设置")
    )
    parser.add_argument(
        "--transport-key", metavar="HEX", help=_t("add: master key of the card's MF", "add:MF 的主控密钥")
    )
    allowed_options(parser, _t)
