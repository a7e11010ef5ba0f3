"""`cardsim new`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from cardsim.cli.blank import check_blank_options, new_blank
from cardsim.cli.cards import InputFileError, OptionError, read_toml
from cardsim.cli.holders import holder_from
from cardsim.cli.hsm import Proofs
from cardsim.perso.image import personalise
from cardsim.perso.psam import PsamNumbers, personalise_psam
from cardsim.profiles import LAYOUTS, PROFILES
from cardsim.store import create_card_file
from cardsim.zones.layouts import Layout

if TYPE_CHECKING:
    import argparse

    from cardsim.cli.console import Console
    from cardsim.profiles import Profile

_PSAM: Final = "psam"
_FOR_PSAMS: Final = ("terminal_number", "device_number")
_FOR_HOLDERS: Final = ("layout", "holder", "raw_elements")
_TERMINAL_NUMBER, _DEVICE_NUMBER = "990000000001", "99000000000000000001"
"""Of a PSAM for which none are given; synthetic."""


def run(options: argparse.Namespace, console: Console) -> int:
    """Make a card file."""
    out = Path(options.out)
    if not out.name:
        raise InputFileError(f"--out {options.out!r} names no file", f"--out {options.out!r} 不是文件名")
    profile = PROFILES[options.chip]
    if options.chip_profile:
        profile = profile.override(read_toml(Path(options.chip_profile)))
    _check_options(options)
    if options.chip == _PSAM:
        return _new_psam(options, profile, out, console)
    layout = Layout.from_text(options.layout) if options.layout else LAYOUTS[options.chip]
    if options.blank:
        return new_blank(options, profile, layout, out, console)
    image = personalise(
        profile,
        layout,
        holder_from(options.holder, layout),
        keyring=Proofs.of(options, console).keyring,
        raw_elements=options.raw_elements,
    )
    create_card_file(out, image, overwrite=options.force)
    number = image.printed["card_number"]
    whose, whose_zh = (f"card number {number}", f"卡号 {number}") if number else ("a blank", "空白卡")
    console.say(
        f"{options.out}: {options.chip} card, layout {layout.text}, {whose}",
        f"{options.out}:{options.chip} 卡,布局 {layout.text},{whose_zh}",
    )
    return 0


def _check_options(options: argparse.Namespace) -> None:
    """Raise OptionError for an option that this chip has no use for."""
    check_blank_options(options, (*_FOR_HOLDERS, "keystore"))
    for name in _FOR_HOLDERS if options.chip == _PSAM else _FOR_PSAMS:
        if getattr(options, name):
            option = "--" + name.replace("_", "-")
            raise OptionError(
                f"new --chip {options.chip} has no use for {option}", f"new --chip {options.chip} 不使用 {option}"
            )


def _new_psam(options: argparse.Namespace, profile: Profile, out: Path, console: Console) -> int:
    numbers = PsamNumbers.parse(options.terminal_number or _TERMINAL_NUMBER, options.device_number or _DEVICE_NUMBER)
    image = personalise_psam(profile, numbers, Proofs.of(options, console).keyring)
    create_card_file(out, image, overwrite=options.force)
    terminal, device = (image.printed[name] for name in ("terminal_number", "device_number"))
    console.say(
        f"{options.out}: PSAM, terminal {terminal}, device {device}",
        f"{options.out}:PSAM,终端机编号 {terminal},终端设备号 {device}",
    )
    return 0
