"""A card made by APDUs alone is the card that is built directly: file by file, key by key."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cardsim.perso.apdus import play, prove_keys, script_of
from cardsim.perso.apdus.nodes import Node, master_file
from cardsim.perso.apdus.play import Playback, PlaybackError
from cardsim.profiles import GEN2, GEN3
from cardsim.zones.layouts import Layout
from readers.terminal.script import run
from tests.cards import counting_entropy, make_image
from tests.unit.perso.apdus.blanks import TRANSPORT, Blank

if TYPE_CHECKING:
    from cardsim.perso.image import CardImage
    from cardsim.profiles import Profile

HOLDER: dict[str, object] = {
    "photo": "photo" * 100,
    "fingerprint": "f" * 700,
    "elements": {"DF02/EF07": {":02": "1234567^20200101^20210101^某单位"}, "DF01/EF16": {"01": "00" * 120 + "AB"}},
}
CARDS = [
    pytest.param(GEN2, Layout.V1_00, {}, id="gen2-1.00"),
    pytest.param(GEN2, Layout.V2_00, HOLDER, id="gen2-2.00"),
    pytest.param(GEN2.override({"write_protection": "mac", "key_versions": [0, 1]}), Layout.V2_00, {}, id="gen2-mac"),
    pytest.param(GEN3, Layout.V3_00, HOLDER, id="gen3-3.00"),
    pytest.param(GEN3.override({"hrss_algorithm": "DES"}), Layout.V2_00, {}, id="gen3-des"),
]


def bare(node: Node) -> Node:
    """A node without what tells how its directory was made: the mark of CREATE FILE."""
    header = replace(node.header, native=False)
    return replace(node, header=header, children=tuple(bare(child) for child in node.children))


def applications(memory: bytes) -> tuple[Node, ...]:
    return tuple(bare(child) for child in master_file(memory).children)


def image_of(profile: Profile, layout: Layout, holder: dict[str, object]) -> CardImage:
    return make_image(holder, layout=layout, chip=profile)


@pytest.mark.parametrize(("profile", "layout", "holder"), CARDS)
def test_the_card_is_the_one_that_is_built_directly(
    profile: Profile, layout: Layout, holder: dict[str, object]
) -> None:
    image = image_of(profile, layout, holder)
    blank = Blank(image.profile)
    playback = blank.personalise(image, verify=True)
    assert applications(blank.memory) == applications(image.memory)
    assert playback.compared > 40
    assert not playback.skipped
    assert len(blank.run(prove_keys(image, counting_entropy))) > 10


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 9, 30, 62, 63, 64, 91, 120, 155, 200, 260, 333, 400, 437, 438])
def test_a_run_that_was_broken_off_anywhere_goes_on(count: int) -> None:
    profile, layout = (GEN2, Layout.V2_00) if count % 2 else (GEN3, Layout.V3_00)
    image = image_of(profile, layout, HOLDER)
    blank = Blank(image.profile)
    ended = blank.run_until(play(script_of(image.memory, TRANSPORT), Playback()), count)
    playback = blank.personalise(image, resume=True, verify=not ended)
    assert applications(blank.memory) == applications(image.memory)
    assert playback.skipped > count / 3 or count < 9
    assert not (ended and playback.done)


def test_files_of_fixed_and_cyclic_records_that_are_not_full() -> None:
    """The first record of a fixed file is the one written first, of a cyclic one the one written last."""
    made = Blank(GEN2)
    fixed, cyclic = "80E0EF05072A0302F0F0FFFF", "80E0EF06072E0302F0F0FFFF"
    first = ("80E03F000D38FFFFF0EFFFFFFFFFFFFFFFFF", "80E0DF010D380100F0F0FFFFFFA000000001", "00A4000002DF01")
    files = ("80E0EF80073F0020F0EFFFFF", fixed, "00A4000002EF05", "00E2000002AAAA", "00E2000002BBBB", cyclic)
    for command in (*first, *files, "00A4000002EF06", "00E2000002CCCC", "00E2000002DDDD", "80E0800000"):
        answer = made.connection.transmit(bytes.fromhex(command))
        assert answer[-2:] == b"\x90\x00", (command, answer.hex())
    for count in range(20):
        blank = Blank(GEN2)
        blank.run_until(play(script_of(made.memory, TRANSPORT), Playback()), count)
        playback = Playback(resume=True, verify=True)
        blank.run(play(script_of(made.memory, TRANSPORT), playback))
        assert applications(blank.memory) == applications(made.memory)


def test_a_second_break_does_no_harm_either() -> None:
    image = image_of(GEN2, Layout.V2_00, HOLDER)
    blank = Blank(image.profile)
    script = script_of(image.memory, TRANSPORT)
    for count in (90, 160, 230, 300):
        blank.run_until(play(script, Playback(resume=True)), count)
    blank.personalise(image, resume=True)
    assert applications(blank.memory) == applications(image.memory)


def test_without_resume_a_card_that_is_not_blank_is_left_alone() -> None:
    image = image_of(GEN2, Layout.V2_00, {})
    blank = Blank(image.profile)
    blank.personalise(image)
    before = blank.memory
    with pytest.raises(PlaybackError, match="the card answers 6A86"):
        blank.personalise(image)
    assert blank.memory == before


def test_a_difference_is_found_before_the_directory_is_sealed() -> None:
    """A reader that spoils one byte of what is written."""
    image = image_of(GEN2, Layout.V2_00, HOLDER)
    blank = Blank(image.profile)
    transmit = blank.connection.transmit

    class Spoiling:
        def transmit(self, command: bytes) -> bytes:
            spoilt = command.startswith(b"\x00\xe2") and command[5] == 0x09
            return transmit(command[:10] + b"\x00" + command[11:] if spoilt else command)

        def __getattr__(self, name: str) -> object:
            return getattr(blank.connection, name)

    script = play(script_of(image.memory, TRANSPORT), Playback(verify=True))
    with pytest.raises(PlaybackError, match="EF06 09: the card gives back something else"):
        run_on(Spoiling(), script)


def test_another_key_is_asked_once_and_never_again() -> None:
    image = image_of(GEN2, Layout.V2_00, {})
    other = make_image({"region_code": "110000"}, chip=GEN2)
    blank = Blank(image.profile)
    blank.personalise(image)
    before = blank.memory
    with pytest.raises(PlaybackError, match="INTERNAL 00: the card has another value"):
        blank.run(prove_keys(other, counting_entropy))
    assert blank.memory == before, "an internal key has no tries"


def run_on(connection: object, script: object) -> None:
    run(script, connection)  # type: ignore[arg-type]  # all that run() asks of it
