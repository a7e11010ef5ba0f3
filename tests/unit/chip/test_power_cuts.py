"""The power goes inside every write of every writing command: before every frame, and at every byte of the card file.

What is found at the next power-on is the memory before the command, the one after it, or the one before it with the
failure counter of the command's PIN or key charged (or, where its proof was right, full again): whole memories are
compared. Cryptograms by the openssl command.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

import pytest

from cardsim.chip.card import Card
from cardsim.chip.layout import RIGHT_FREE, FileType, Header, KeyType, Protection
from cardsim.chip.memory import Memory
from cardsim.perso.image import CardImage
from cardsim.profiles import GEN2
from cardsim.store import CardStore, create_card_file
from cardsim.zones.access import Pin
from cardsim.zones.layouts import Layout
from tests.unit.chip import images
from tests.unit.chip.bench import Bench

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cardsim.chip.memory import Change

RECORD = bytes.fromhex("00042202AAAA")
WRITABLE = images.card(
    images.directory(
        0xA001,
        b"APPLICATION ONE",
        images.keys(
            images.pin(0x00, "123456", unblocked_by=0x0A),
            images.key(0x0A, b"EXTERNAL KEY 00A"),
            images.key(0x00, b"LINE KEY NUMBER1", KeyType.LINE),
            images.key(0x00, b"APPLICATION LOCK", KeyType.APPLICATION_LOCK),
            images.key(0x00, b"CARD LOCK KEY 01", KeyType.CARD_LOCK),
        ),
        images.rules(Pin("00")),
        images.file(0xEF05, RECORD, FileType.VARIABLE, update=1),
        images.file(0xEF06, RECORD, FileType.VARIABLE, update=1, protection=Protection.MAC),
        images.file(0xEF07, RECORD, FileType.VARIABLE, update=1, protection=Protection.CIPHER),
        images.file(0xEF08, images.binary(0x20), update=1),
        images.file(0xEF0D, images.binary(8), update=1, protection=Protection.MAC),
        images.file(0xEF10, images.binary(8), update=1, protection=Protection.CIPHER),
        images.records(0xEF0B, "0101AA", update=1, spare=4),
        images.cyclic(0xEF0C, "A1A1", "A2A2", "A3A3", update=1),
    ),
    size=512,
)
PIN, EXTERNAL, LINE, APPLICATION, CARD = (
    WRITABLE.index(value) - 4  # four bytes before the value: FMCOS's counter, limit and tries left
    for value in (
        bytes.fromhex("123456FFFFFFFFFF"),
        b"EXTERNAL KEY 00A",
        b"LINE KEY NUMBER1",
        b"APPLICATION LOCK",
        b"CARD LOCK KEY 01",
    )
)

ONE = "00A4000002A001"
CHALLENGE = "0084000008"
READY = (ONE, images.VERIFY_ONE, CHALLENGE)
WRONG_PIN = "0020000003999999"
PROOF, PROOF_2 = (
    "0082000A1048FA42AB9FF0A4310102030405060708",
    "0082000A10DDE38CA9121565AC0102030405060708",
)
WRONG_PROOF = "0082000A10FFFFFFFFFFFFFFFF0102030405060708"
WRONG_MAC = "04D68D0006AABBFFFFFFFF"
PIN_BLOCKED = (ONE, *(f"{WRONG_PIN} 63C{left}" for left in range(5, -1, -1)))
MAY_UNBLOCK = (*PIN_BLOCKED, CHALLENGE, PROOF, CHALLENGE)
BLOCK = "841E000004CB8B092D"
FRESH, FAILED = "charged before after", "charged returned after"
"""What a command with a MAC does, when no try was lost before it and when one was."""


@dataclass(frozen=True, slots=True)
class Writing:
    """A command that writes: what comes before, its answer, and what each of its frames leaves behind, in order.

    ``counter``: place of the failure counter that it may charge.
    """

    name: str
    before: tuple[str, ...]
    command: str
    frames: str
    counter: int = LINE
    answer: str = "9000"


WRITINGS = (
    Writing("VERIFY, right", (ONE,), images.VERIFY_ONE, "charged before", PIN),
    Writing("VERIFY, right, two tries lost", PIN_BLOCKED[:3], images.VERIFY_ONE, "charged after", PIN),
    Writing("VERIFY, wrong", (ONE,), WRONG_PIN, "charged", PIN, "63C5"),
    Writing("VERIFY, wrong, the last try", PIN_BLOCKED[:-1], WRONG_PIN, "charged", PIN, "63C0"),
    Writing("CHANGE PIN", (ONE,), "805E010007123456FF654321", "charged after", PIN),
    Writing("CHANGE PIN, one try lost", PIN_BLOCKED[:2], "805E010009123456FF6543217890", "charged after", PIN),
    Writing("CHANGE PIN, wrong", (ONE,), "805E010007654321FF111111", "charged", PIN, "63C5"),
    Writing("EXTERNAL AUTHENTICATE, right", (ONE, CHALLENGE), PROOF, "charged before", EXTERNAL),
    Writing(
        "EXTERNAL AUTHENTICATE, right, one try lost",
        (ONE, CHALLENGE, f"{WRONG_PROOF} 63C2", CHALLENGE),
        PROOF_2,
        "charged after",
        EXTERNAL,
    ),
    Writing("EXTERNAL AUTHENTICATE, wrong", (ONE, CHALLENGE), WRONG_PROOF, "charged", EXTERNAL, "63C2"),
    Writing("UPDATE RECORD", READY, "00DC012C042202BBBB", "after"),
    Writing("UPDATE RECORD, MAC", READY, "04DC0134082202BBBBB683D7BB", FRESH),
    Writing("UPDATE RECORD, enciphered", READY, "04DC013C0C49F3165E50B55709E13473F9", FRESH),
    Writing("UPDATE RECORD, wrong MAC", READY, "04DC0134082202BBBBB683D7BC", "charged", answer="6988"),
    Writing(
        "UPDATE RECORD, another tag, right MAC", READY, "04DC012C082302BBBB93716A60", "charged before", answer="6A80"
    ),
    Writing("READ RECORD, MAC", READY, "04B2012C04DEB2534F", "charged before", answer="2202AAAAB05B74AF9000"),
    Writing("UPDATE RECORD, cyclic, MAC", READY, "04DC006306BBBBB8335FFD", FRESH),
    Writing("APPEND RECORD", READY, "00E2005C040202BBBB", "after"),
    Writing("APPEND RECORD, MAC", READY, "04E2005C080202BBBB6E2873F5", FRESH),
    Writing("APPEND RECORD, cyclic", READY, "00E2006402BBBB", "after"),
    Writing("UPDATE BINARY", READY, "00D6880020" + 32 * "AB", "after"),
    Writing("UPDATE BINARY, MAC", READY, "04D68D0006AABBCE163FF4", FRESH),
    Writing("UPDATE BINARY, enciphered", READY, "04D690000C967D0364C220B1B0611488D3", FRESH),
    Writing(
        "UPDATE BINARY, MAC, one try lost", (*READY, f"{WRONG_MAC} 6988", CHALLENGE), "04D68D0006AABBE677CA27", FAILED
    ),
    Writing("PIN UNBLOCK", MAY_UNBLOCK, "84240000046422E81F", FRESH),
    Writing("PIN RELOAD", MAY_UNBLOCK, "842400010C19BE1DAF9A3EB916370F494C", FRESH),
    Writing("PIN UNBLOCK, wrong MAC", MAY_UNBLOCK, "84240000046422E81E", "charged", answer="6988"),
    Writing("APPLICATION BLOCK", READY, BLOCK, FRESH, APPLICATION),
    Writing("APPLICATION BLOCK, for ever", READY, "841E00010477804550", FRESH, APPLICATION),
    Writing("APPLICATION UNBLOCK", (*READY, BLOCK, CHALLENGE), "8418000004CD3EDE6C", FRESH, APPLICATION),
    Writing("CARD BLOCK", READY, "8416000004BED75794", FRESH, CARD),
    Writing("CARD BLOCK, wrong MAC", READY, "8416000004BED75795", "charged", CARD, "6988"),
)
every_writing = pytest.mark.parametrize("writing", WRITINGS, ids=attrgetter("name"))


class PowerCut(BaseException):
    """The card answers nothing any more."""


class MortalJournal:
    """Keeps frames until the power goes before the next one."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.kept: list[tuple[Change, ...]] = []

    def append(self, changes: Sequence[Change]) -> None:
        if self.left == 0:
            raise PowerCut
        if self.left:
            self.left -= 1
        self.kept.append(tuple(changes))


def powered(memory: Memory) -> Card:
    """A card whose challenges are 11.., 22.., 33.. in turn."""
    number = itertools.count(1)
    return Card(memory, GEN2, lambda size: bytes((0x11 * next(number) & 0xFF,)) * size, strict=True)


def prepare(card: Card, steps: tuple[str, ...]) -> None:
    for step in steps:
        command, _, expected = step.partition(" ")
        answer = card.transmit(bytes.fromhex(command)).hex().upper()
        assert answer == expected if expected else answer.endswith("9000"), step


def send(card: Card, command: str) -> str:
    return card.transmit(bytes.fromhex(command)).hex().upper()


def replayed(image: bytes, frames: Sequence[tuple[Change, ...]]) -> bytes:
    memory = bytearray(image)
    for offset, data in itertools.chain.from_iterable(frames):
        memory[offset : offset + len(data)] = data
    return bytes(memory)


def expected_states(writing: Writing, before: bytes, after: bytes) -> list[bytes]:
    """The memories that may be found: before the first frame, and after each."""
    charged, returned = bytearray(before), bytearray(before)
    charged[writing.counter] -= 1
    returned[writing.counter] = returned[writing.counter] >> 4 | returned[writing.counter] & 0xF0
    known = {"before": before, "after": after, "charged": bytes(charged), "returned": bytes(returned)}
    states = [before, *(known[name] for name in writing.frames.split())]
    assert states[-1] == after
    assert len(set(states)) == len({"before", *writing.frames.split()})
    return states


@every_writing
def test_power_goes_before_a_frame(writing: Writing) -> None:
    journal = MortalJournal()
    memory = Memory(WRITABLE, journal)
    card = powered(memory)
    prepare(card, writing.before)
    kept = len(journal.kept)
    assert send(card, writing.command) == writing.answer
    states = expected_states(writing, replayed(WRITABLE, journal.kept[:kept]), bytes(memory.view))
    assert len(journal.kept) - kept == len(states) - 1

    for frames in range(len(states) - 1):
        journal = MortalJournal()
        card = powered(Memory(WRITABLE, journal))
        prepare(card, writing.before)
        journal.left = frames
        with pytest.raises(PowerCut):
            send(card, writing.command)
        found = replayed(WRITABLE, journal.kept)
        assert found == states[frames]
        assert send(powered(Memory(found, MortalJournal())), ONE)[-4:] in ("9000", "6A81")


@every_writing
def test_a_card_file_is_cut_at_a_byte(writing: Writing, tmp_path: Path) -> None:
    path = tmp_path / "a.card"
    create_card_file(path, CardImage(WRITABLE, GEN2, Layout.V2_00, {}))
    with CardStore.open(path) as store:
        card = powered(store.memory)
        prepare(card, writing.before)
        start, before = path.stat().st_size, bytes(store.memory.view)
        assert send(card, writing.command) == writing.answer
        states = expected_states(writing, before, bytes(store.memory.view))
    whole = path.read_bytes()
    found = []
    for size in range(start, len(whole) + 1):
        path.write_bytes(whole[:size])
        with CardStore.open(path) as store:
            found.append(bytes(store.memory.view))
    assert [state for state, _ in itertools.groupby(found)] == states


@pytest.mark.parametrize("numbers", [(1, 2, 3), (253, 254, 255), (254, 255, 1)], ids=str)
def test_cyclic_updates_until_place_and_number_wrap(numbers: tuple[int, int, int], tmp_path: Path) -> None:
    body = b"".join(bytes((number, 0xA0 + place, 0)) for place, number in enumerate(numbers))
    header = Header(0xEF0C, FileType.CYCLIC, len(body), RIGHT_FREE, RIGHT_FREE, extra=2)
    image = images.card(images.directory(0xA001, b"", header.encode() + body), size=128)
    path, cut = tmp_path / "a.card", tmp_path / "cut.card"
    create_card_file(path, CardImage(image, GEN2, Layout.V2_00, {}))
    newest_first = ["A200", "A100", "A000"]
    for written in ("B0B0", "B1B1", "B2B2", "B3B3", "B4B4"):
        with CardStore.open(path) as store:
            card = powered(store.memory)
            prepare(card, (ONE,))
            start, before = path.stat().st_size, "".join(newest_first)
            assert send(card, f"00DC006302{written}") == "9000"
        newest_first = [written, *newest_first[:2]]
        whole = path.read_bytes()
        found = []
        for size in range(start, len(whole) + 1):
            cut.write_bytes(whole[:size])
            with CardStore.open(cut) as store:
                card = powered(store.memory)
                prepare(card, (ONE,))
                found.append(send(card, "00B2016500"))
        assert [answer for answer, _ in itertools.groupby(found)] == [f"{before}9000", f"{''.join(newest_first)}9000"]


@every_writing
def test_a_store_refuses_a_frame(writing: Writing) -> None:
    """The command says 6581; it has opened and written nothing, and the challenge alone may be gone."""
    for frames in range(len(writing.frames.split())):
        bench = Bench(WRITABLE)
        prepare(bench.card, writing.before)
        before = bench.state
        bench.journal.fail_after = frames
        assert bench.send(writing.command) == "6581"
        assert bench.state.memory == expected_states(writing, before.memory, after_of(writing))[frames]
        assert bench.state.memory == replayed(WRITABLE, bench.journal.commits)
        assert bench.state._replace(memory=b"", challenge=b"") == before._replace(memory=b"", challenge=b"")
        assert bench.state.challenge in (before.challenge, b"")


def after_of(writing: Writing) -> bytes:
    bench = Bench(WRITABLE)
    prepare(bench.card, writing.before)
    assert bench.send(writing.command) == writing.answer
    return bench.state.memory
