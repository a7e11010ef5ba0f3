# ruff: noqa: E501  one row, one line
"""The power goes before every frame of every native command that writes, and the store refuses every frame.

What is found is the memory before the command, the one behind it, or the one before it with one failure counter charged.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

import pytest

from cardsim.chip.filesystem import FileSystem
from cardsim.chip.memory import Memory, NoJournal
from tests.unit.hrss.openssl import DES
from tests.unit.native.cards import DF, DF_KEYS, INTO_DF, INTO_MF, KEYS, MASTER, MF, MF_KEYS, Native, macced, value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cardsim.chip.memory import Change

K1, K8 = KEYS["K1"], KEYS["K8"]
FRESH = b"\x11" * 4
CHALLENGE = "0084000004"
CARD = (
    *(MF, MF_KEYS.replace("0050", "0100"), MASTER, f"80D401001536F0F0FF33{K1}", "80D40100083AF0F00133123456"),
    *(f"80D401001537F0F0FF33{K1}", f"80D401001538F0F0FF33{K1}"),
    *("80E00001072A0203F0F0FFFF", "80E00002072C0010F0F0FFFF", "80E00003072E0203F0F0FFFF", "80E0000407280008F0F0FFFF"),
    *("80E0000507A80008F0F0FFFF", "80E0000607E80008F0F0FFFF", "00E2000C03010203", "00E20010030101AA"),
    *(DF, INTO_DF, DF_KEYS, f"80D401001536F0F0FF33{K1}", INTO_MF),
)


def protected(command: str) -> str:
    return macced("K1", command, FRESH)


def sealed(header: str, plain: str) -> str:
    return protected(header + DES.sealed(value("K1"), bytes.fromhex(plain)).hex())


@dataclass(frozen=True)
class Writing:
    """``frames``: what each frame leaves: "charged", "before" (the try is back), "after"."""

    name: str
    before: tuple[str, ...]
    command: str
    frames: str = "after"
    answer: str = "9000"
    dialect: str = "fmcos"

    @property
    def settings(self) -> Mapping[str, object]:
        return {"native_dialect": self.dialect}


LINE = "charged before after"
RELOAD = DES.mac(bytes(a ^ b for a, b in zip(value("K1")[:8], value("K1")[8:], strict=True)), bytes.fromhex("654321"))
ONE = "A000000001"
WRITINGS = (
    Writing("CREATE: MF", (), MF),
    Writing("CREATE: key file", (MF,), MF_KEYS),
    Writing("CREATE: file", CARD, "80E0000707280008F0F0FFFF"),
    Writing("CREATE: directory", CARD, DF.replace("3F01", "3F02")),
    Writing("CREATE: rules", (MF, DF, INTO_DF), "80E0EF810A3D0003F0EFFFFF020100", dialect="extended"),
    Writing(
        "CREATE: rules in two pieces",
        (MF, DF, INTO_DF, "80E0EF81083D0003F0EFFFFF02"),
        "80E20000020100",
        dialect="extended",
    ),
    Writing("seal", (MF, DF, INTO_DF, "80E0EF810A3D0003F0EFFFFF020100"), "80E08000", dialect="extended"),
    Writing("install", (MF, DF, INTO_DF, "80E0EF80073F0100F0EFFFFF"), f"80D40000183600000033000010{K1}", dialect="extended"),
    Writing("ERASE", CARD, "800E000000"),
    Writing("ERASE: below", (*CARD, INTO_DF), "800E000000"),
    Writing("WRITE KEY: add", CARD, f"80D401010D30F0F00000{K8}"),
    Writing("WRITE KEY: modify", CARD, f"80D439001539F0F0AA33{KEYS['K2']}"),
    Writing("WRITE KEY: add, sealed", (*CARD, CHALLENGE), sealed("84D4010114", f"F9F0F0AA33{K8}"), LINE),
    Writing("WRITE KEY: modify, sealed", (*CARD, CHALLENGE), sealed("84D439001C", f"F9F0F0AA33{KEYS['K2']}"), LINE),
    Writing("WRITE KEY: wrong MAC", (*CARD, CHALLENGE), "84D4010114" + "00" * 20, "charged", "9302"),
    Writing("UPDATE BINARY: first", CARD, "00D684000101"),
    Writing("UPDATE BINARY", (*CARD, "00D684000101"), "00D684000102"),
    Writing("UPDATE BINARY: MAC", (*CARD, CHALLENGE), protected("04D685000501"), LINE),
    Writing("UPDATE BINARY: sealed", (*CARD, CHALLENGE), sealed("04D686000C", "0102"), LINE),
    Writing("UPDATE RECORD: fixed", CARD, "00DC010C03FFFFFF"),
    Writing("UPDATE RECORD: variable", CARD, "00DC0114030101BB"),
    Writing("UPDATE RECORD: new", CARD, "00DC0010030201BB"),
    Writing("UPDATE RECORD: cyclic", CARD, "00DC001B03010203"),
    Writing("APPEND RECORD: fixed", CARD, "00E2000C03FFFFFF"),
    Writing("APPEND RECORD: cyclic", CARD, "00E2001C03FFFFFF"),
    Writing("READ BINARY: MAC", (*CARD, CHALLENGE), protected("04B0850004"), "charged before", "0000000000000000"),
    Writing("VERIFY", CARD, "0020000003123456", "charged before"),
    Writing("VERIFY: wrong", CARD, "0020000003654321", "charged", "63C2"),
    Writing("EXTERNAL AUTHENTICATE", (*CARD, CHALLENGE), "0082000008" + DES.ecb(value("K1"), FRESH + bytes(4)).hex(), "charged before"),
    Writing("EXTERNAL AUTHENTICATE: wrong", (*CARD, CHALLENGE), "0082000008" + "00" * 8, "charged", "63C2"),
    Writing("CHANGE PIN", CARD, "805E010007123456FF654321", "charged after"),
    Writing("RELOAD PIN", CARD, f"805E000007654321{RELOAD.hex()}", LINE),
    Writing("PIN UNBLOCK", (*CARD, CHALLENGE), sealed("842400000C", "654321"), "charged before after"),
    Writing("APPLICATION BLOCK", (*CARD, INTO_DF, CHALLENGE), protected("841E000004"), LINE),
    Writing("CARD BLOCK", (*CARD, CHALLENGE), protected("8416000004"), LINE),
)  # fmt: skip
every_writing = pytest.mark.parametrize("writing", WRITINGS, ids=attrgetter("name"))


def ready(writing: Writing) -> Native:
    card = Native(4096, **writing.settings)
    for step in writing.before:
        assert card.send(step).endswith("9000"), f"{step}: {card.card.last_refusal}"
    return card


def replayed(memory: bytes, frames: Iterable[tuple[Change, ...]]) -> bytes:
    image = bytearray(memory)
    for frame in frames:
        for offset, data in frame:
            image[offset : offset + len(data)] = data
    return bytes(image)


def kind_of(found: bytes, before: bytes, after: bytes) -> str:
    if found == before:
        return "before"
    if found == after:
        return "after"
    changed = [(old, new) for old, new in zip(before, found, strict=True) if old != new]
    assert len(changed) == 1
    assert changed[0][1] == changed[0][0] - 1
    return "charged"


@every_writing
def test_the_power_goes_before_every_frame(writing: Writing) -> None:
    card = ready(writing)
    before, commits = bytes(card.memory.view), len(card.journal.commits)
    answer = card.send(writing.command)
    assert answer.startswith(writing.answer) or answer.endswith(writing.answer), card.card.last_refusal
    frames = card.journal.commits[commits:]
    after = bytes(card.memory.view)
    assert replayed(before, frames) == after
    found = [replayed(before, frames[:count]) for count in range(1, len(frames) + 1)]
    if writing.frames.endswith("after"):
        assert before != after
    if writing.frames != "charged":
        assert [kind_of(memory, before, after) for memory in found] == writing.frames.split()
    else:
        assert [kind_of(memory, before, b"") for memory in found] == ["charged"]
    for memory in (before, *found):
        FileSystem(Memory(memory, NoJournal()), card.card.context.profile)
        Native(memory, **writing.settings)


@every_writing
def test_a_store_refuses_every_frame(writing: Writing) -> None:
    for count in range(len(writing.frames.split())):
        card = ready(writing)
        state, commits = card.state, len(card.journal.commits)
        card.journal.fail_after = count
        assert card.send(writing.command) == "6581"
        assert len(card.journal.commits) == commits + count
        assert card.state.memory == replayed(state.memory, card.journal.commits[commits:])
        assert card.state._replace(memory=b"", challenge=b"") == state._replace(memory=b"", challenge=b"")
        assert card.send("00B0840001") != "6F00"
