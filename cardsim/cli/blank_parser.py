"""The options of `cardsim new --blank`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

DIALECTS: Final = ("fmcos", "timecos", "huada", "extended")
"""Values of `--dialect`: those of the profile setting native_dialect."""


def blank_options(parser: argparse.ArgumentParser, _t: Callable[[str, str], str]) -> None:
    """Add what `cardsim new` takes for a blank chip."""
    parser.add_argument(
        "--blank", action="store_true", help=_t("an empty chip with native commands", "仅有原生命令的空白芯片")
    )
    parser.add_argument(
        "--dialect",
        choices=DIALECTS,
        help=_t("its native commands (fmcos)", "原生命令的方言(默认 fmcos)"),
    )
    parser.add_argument(
        "--serial",
        metavar="HEX8",
        help=_t(
            "of a blank chip, in its ATR: what tells two apart (7E570001)", "空白芯片 ATR 中的序列号(默认 7E570001)"
        ),
    )
    parser.add_argument(
        "--transport-key",
        metavar="HEX",
        help=_t("its transport code, 8 bytes (FFFFFFFFFFFFFFFF)", "传输代码,8 字节(默认 FFFFFFFFFFFFFFFF)"),
    )
