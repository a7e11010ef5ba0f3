"""What `cardsim perso run` is to make of a chip: profile, holder and keys, and whether that chip is the right one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from apdu import format_hex
from apdu.atr import Atr
from apdu.errors import AtrError
from cardsim.cli.cards import InputFileError, OptionError, read_toml
from cardsim.cli.holders import holder_from
from cardsim.cli.hsm import Proofs
from cardsim.errors import NumberError
from cardsim.perso.apdus.nodes import used
from cardsim.perso.image import personalise
from cardsim.profiles import LAYOUTS, PROFILES
from cardsim.zones.historical import HistoricalBytes
from cardsim.zones.layouts import Layout

if TYPE_CHECKING:
    import argparse

    from cardsim.chip.card import Card
    from cardsim.cli.console import Console
    from cardsim.perso.image import CardImage
    from cardsim.profiles import Profile


def image_of(options: argparse.Namespace, console: Console, atr: bytes, card: Card | None) -> CardImage:
    """Return the card that the commands are to make; its keys are those of a card with this ATR.

    ``card``: an emulated chip, whose own settings count then. Without ``atr`` that of the card identification code.
    """
    profile = profile_for(options, atr, card)
    if options.zones:
        profile = profile.override({"zones": [name.strip() for name in options.zones.upper().split(",")]})
    layout = Layout.from_text(options.layout) if options.layout else LAYOUTS[options.profile]
    holder = holder_from(options.holder, layout)
    keyring = Proofs.of(options, console).keyring
    return personalise(profile, layout, holder, keyring=keyring, raw_elements=options.raw_elements)


def profile_for(options: argparse.Namespace, atr: bytes, card: Card | None) -> Profile:
    """Return the settings of the card in the reader: an emulated chip's own, else those that options name."""
    profile = card.context.profile if card else PROFILES[options.profile]
    if card and options.profile not in (None, profile.chip):
        raise OptionError(
            f"{options.card} is a {profile.chip} chip; --profile says {options.profile}",
            f"{options.card} 是 {profile.chip} 芯片;--profile 为 {options.profile}",
        )
    if options.chip_profile:
        profile = profile.override(read_toml(Path(options.chip_profile)))
    if profile.historical_bytes or not atr:
        return profile
    historical = _historical(atr)
    if historical is None:
        raise InputFileError(
            f"no keys follow from the ATR {format_hex(atr)}: it has no 13 historical bytes of this kind of card; give "
            f"those that terminals will derive from as setting 'historical_bytes' (--chip-profile)",
            f"无法由 ATR {format_hex(atr)} 分散密钥:其中没有此类卡的 13 字节历史字节;"
            f"请用设置 'historical_bytes'(--chip-profile)给出",
        )
    return profile.override({"historical_bytes": historical.hex()})


def check_chip(options: argparse.Namespace, image: CardImage, atr: bytes, card: Card | None) -> None:
    """Raise OptionError, before anything is written, where the chip is of another generation or too small."""
    historical = _historical(atr)
    if historical is not None:
        for name in LAYOUTS:
            if name != options.profile and historical.chip == PROFILES[name].chip_code:
                raise OptionError(
                    f"the ATR is that of a {name} chip; --profile says {options.profile}",
                    f"该 ATR 属于 {name} 芯片;--profile 为 {options.profile}",
                )
    needed = used(image.memory)
    if card and needed > len(card.memory):
        raise OptionError(
            f"{options.card} has {len(card.memory)} bytes of memory; this card needs {needed}",
            f"{options.card} 的存储器为 {len(card.memory)} 字节;该卡需要 {needed} 字节",
        )


def _historical(atr: bytes) -> HistoricalBytes | None:
    try:
        return HistoricalBytes(Atr(atr).historical_bytes)
    except (AtrError, NumberError):
        return None
