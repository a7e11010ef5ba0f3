"""A card as readable JSON, and back: the same card, byte for byte, when PINs and keys are in it.

Files are taken apart as far as they are understood; a file or key of a type that is new comes out as it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardsim.chip.errors import MemoryFullError
from cardsim.chip.filesystem import FileSystem
from cardsim.chip.memory import Memory, NoJournal
from cardsim.perso.image import CardImage
from cardsim.perso.plain.checked import Checked, PlainError
from cardsim.perso.plain.declared import Declared
from cardsim.perso.plain.export import export_card, maker_for
from cardsim.perso.plain.form import FORMAT, TOP, RuleBook
from cardsim.perso.plain.rebuild import Prefer
from cardsim.perso.plain.secrets import KeyringSecrets
from cardsim.profiles import PROFILES, Profile, ProfileError
from cardsim.zones.layouts import Layout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cardsim.perso.plain.credentials import SecretSource
    from keys.keyring import Keyring

__all__ = ["FORMAT", "PlainError", "Prefer", "export_card", "import_card"]

_MAX_MEMORY = 1 << 24


def import_card(
    plain: object,
    keyring: Keyring | None = None,
    pins: Mapping[str, bytes] | None = None,
    prefer: Prefer | None = None,
    source: SecretSource | None = None,
) -> CardImage:
    """Return the card that JSON describes.

    Keys without a value come from ``keyring``, PINs from ``pins`` by the holder's entry for each, packed, or all of
    them from ``source``; ``prefer`` decides where a record's "hex" and "value" differ. Raises :class:`PlainError`
    naming the place, ProfileError, MemoryFullError or MemoryDamagedError.
    """
    top = Checked(plain, "card file")
    if top.plain.get("format") != FORMAT:
        raise top.error("format", f"this is no {FORMAT!r} (`cardsim export`)", f"不是 {FORMAT!r}(cardsim export)")
    top.only(*TOP)
    layout_text = top.text("layout")
    try:
        layout = Layout.from_text(layout_text)
    except KeyError:
        known = ", ".join(layout.text for layout in Layout)
        raise top.error("layout", f"{layout_text!r} is none of {known}", f"{layout_text!r} 不在 {known} 之中") from None
    profile = _profile(top.inside("profile"))
    size = top.number("memory", 1, _MAX_MEMORY)
    memory = b""
    if top.plain.get("card", False) is not None:  # null: a blank chip
        card = top.inside("card")
        if keyring:
            source = KeyringSecrets(profile, card.plain, keyring, pins or {})
        maker = maker_for(profile, layout, source, prefer)
        memory = maker.directory(Checked(card.plain, "3F00"), Declared(), RuleBook([]), is_mf=True)
    if "rest" in top:
        memory += top.octets("rest", most=_MAX_MEMORY)
    if len(memory) > size:
        raise MemoryFullError(
            f"the card needs {len(memory)} bytes; the chip has {size}",
            f"卡片需要 {len(memory)} 字节;芯片只有 {size} 字节",
        )
    memory = memory.ljust(size, b"\x00")
    FileSystem(Memory(memory, NoJournal()), profile)  # refuses what no chip could open
    return CardImage(memory, profile, layout, top.texts("printed"))


def _profile(settings: Checked) -> Profile:
    chip = settings.text("chip")
    try:
        return PROFILES.get(chip, Profile()).override(settings.plain)
    except ProfileError as error:
        raise settings.error("", str(error), error.text.zh) from error
