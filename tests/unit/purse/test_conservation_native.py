"""Money is neither made nor lost on purses that native commands made: 22 bytes each, with one proof."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from hypothesis import settings

from cardsim.chip.filesystem import FileSystem
from cardsim.chip.memory import Memory, NoJournal
from cardsim.chip.purse.file import PurseFile
from cardsim.profiles import GEN2
from tests.unit.purse import demo
from tests.unit.purse.lab import Lab
from tests.unit.purse.test_conservation import Purses

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cardsim.chip.purse.body import PurseState
    from cardsim.profiles import Profile

BLANK = GEN2.override({"blank": True, "memory_size": 4096})
KEYS = (
    ("34", "01", "00", "00", "DTK"),
    ("34", "40", "41", "04", "DTK40"),
    ("3C", "01", "01", "00", "DUK"),
    ("3D", "01", "01", "00", "DULK"),
    ("3E", "01", "00", "00", "DPK"),
    ("3E", "02", "02", "00", "DPK2"),
    ("3E", "41", "41", "04", "DPK41"),
    ("3F", "01", "00", "00", "DLK"),
    ("3F", "02", "02", "00", "DLK2"),
    ("3F", "41", "41", "04", "DLK41"),
)
"""Type, id, version, algorithm and name of what tests.unit.purse.bank asks for."""


@cache
def made() -> bytes:
    """The memory of a card with empty purses, a log and a file for travel."""
    card = Lab(bytes(BLANK.memory_size), BLANK, selected=False)
    answer = card.run(
        "80E03F000D38FFFFF0F001FFFFFFFFFFFFFF",
        f"80E03F0111380900F0F095FFFF{demo.AID.hex()}",
        f"00A4040009{demo.AID.hex()}",
        "80E00000073F020095F0FFFF",
        *(f"80D401{id_}15{kind}F002{version}{alg}{demo.KEYS[name]}" for kind, id_, version, alg, name in KEYS),
        "80D401000D3AF0EF013312345FFFFFFFFFFF",
        "80E00018072E0A17F0EFFFFF",
        "80E0001E072E0330F0F0FFFF",
        "80E00001072F0208F100FF18",
        "80E00002072F0208F000FF18",
        "00A400000200" + "1E",
        *("00E2000030" + "00" * 48 for _ in range(3)),
    )
    assert answer == "9000"
    return bytes(card.memory.view)


class NativePurses(Purses):
    chip = BLANK
    one_proof = True

    @staticmethod
    def image(profile: Profile, states: Mapping[int, PurseState]) -> bytes:
        memory = Memory(made(), NoJournal())
        for file in FileSystem(memory, profile).mf.children[0].files:
            if isinstance(file, PurseFile):
                memory.write(file.body, states[file.fid].encode())
        return bytes(memory.view)


TestNativePurses = NativePurses.TestCase
TestNativePurses.settings = settings(max_examples=60, stateful_step_count=30)
