"""Options about a PSAM: proving keys with one, making one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def auth_options(parser: argparse.ArgumentParser, _t: Callable[[str, str], str], help_text: str) -> None:
    """Add `--auth` and where its PSAM is."""
    parser.add_argument("--auth", choices=("hsm", "psam"), help=help_text)
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--psam", metavar="FILE", help=_t("PSAM's card file, in this process", "PSAM 卡文件(在本进程内)")
    )
    where.add_argument(
        "--psam-reader",
        metavar="NAME",
        help=_t("reader with the PSAM: part of its name, or its number", "PSAM 所在读卡器:名称的一部分或序号"),
    )


def read_auth_options(parser: argparse.ArgumentParser, _t: Callable[[str, str], str]) -> None:
    """Add them where keys are proved for reading, and only on request."""
    auth_options(
        parser,
        _t,
        _t(
            "prove the read keys: hsm, a software HSM; psam, the terminal's PSAM",
            "证明读密钥:hsm 为软件加密机,psam 为终端 PSAM",
        ),
    )


def new_psam_options(parser: argparse.ArgumentParser, _t: Callable[[str, str], str]) -> None:
    """Add what `cardsim new --chip psam` takes."""
    parser.add_argument(
        "--terminal-number", metavar="DIGITS", help=_t("psam: terminal number, 12 digits", "psam:终端机编号,12 位")
    )
    parser.add_argument(
        "--device-number",
        metavar="DIGITS",
        help=_t("psam: terminal device number, 20 digits", "psam:终端设备号,20 位"),
    )
