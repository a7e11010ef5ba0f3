"""`cardsim new --blank`: a chip with erased memory, to be personalised by its native commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import HexError, format_hex, parse_hex
from cardsim.cli.cards import OptionError
from cardsim.perso.image import CardImage
from cardsim.store import create_card_file
from cardsim.zones.historical import HistoricalBytes

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from cardsim.cli.console import Console
    from cardsim.profiles import Profile
    from cardsim.zones.layouts import Layout

_CHIPS: Final = ("gen2", "gen3")
_CITY: Final = "6399"
"""In the ATR: the first four digits of a region that is assigned to no county."""
_SERIAL: Final = "7E570001"
"""Of a chip for which none is given; "TEST 1" to whoever squints."""
_SERIAL_SIZE: Final = 4


def check_blank_options(options: argparse.Namespace, unused: tuple[str, ...]) -> None:
    """Raise OptionError for options that a blank chip, or one that is none, has no use for."""
    wrong = unused if options.blank else ("dialect", "transport_key", "serial")
    for name in wrong:
        if getattr(options, name):
            option, blank = "--" + name.replace("_", "-"), " --blank" if options.blank else " without --blank"
            raise OptionError(f"new{blank} has no use for {option}", f"new{blank} 不使用 {option}")
    if options.blank and options.chip not in _CHIPS:
        raise OptionError(f"--blank: a chip {' or '.join(_CHIPS)}", f"--blank:芯片须为 {' 或 '.join(_CHIPS)}")


def new_blank(options: argparse.Namespace, profile: Profile, layout: Layout, out: Path, console: Console) -> int:
    """Make the card file of a blank chip."""
    settings: dict[str, object] = {"blank": True}
    if options.dialect:
        settings["native_dialect"] = options.dialect
    if options.transport_key:
        settings["native_transport_key"] = _hex(options.transport_key, "--transport-key").hex()
    if profile.historical_bytes and options.serial:
        raise OptionError(
            "--serial: the setting historical_bytes has one already", "--serial:设置 historical_bytes 已含序列号"
        )
    if not profile.historical_bytes:
        serial = _hex(options.serial or _SERIAL, "--serial")
        if len(serial) != _SERIAL_SIZE:
            raise OptionError("--serial: 8 hexadecimal digits", "--serial:应为 8 个十六进制数字")
        manufacturer = int.from_bytes(profile.manufacturer, "big")
        historical = HistoricalBytes.build(profile.chip_code, manufacturer, _CITY, serial)
        settings["historical_bytes"] = historical.hex()
    profile = profile.override(settings)
    create_card_file(out, CardImage(bytes(profile.memory_size), profile, layout, {}), overwrite=options.force)
    dialect, number = profile.native_dialect.value, format_hex(profile.historical_bytes[-_SERIAL_SIZE:])
    console.say(
        f"{options.out}: blank {options.chip} chip {number}, {profile.memory_size} bytes, native commands {dialect}",
        f"{options.out}:{options.chip} 空白芯片 {number},{profile.memory_size} 字节,原生命令 {dialect}",
    )
    return 0


def _hex(text: str, option: str) -> bytes:
    try:
        return parse_hex(text)
    except HexError as error:
        raise OptionError(f"{option}: {error}", f"{option}:{error.text.zh}") from error
