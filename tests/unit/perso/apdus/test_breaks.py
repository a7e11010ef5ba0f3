"""A run that the power ends, inside a command or between two, and one that goes on what is not its own."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardsim.chip.card import Card
from cardsim.chip.memory import Memory
from cardsim.perso.apdus import check_dialect, play, prove_master_key, script_of
from cardsim.perso.apdus.nodes import same_contents
from cardsim.perso.apdus.play import Playback, PlaybackError
from cardsim.perso.apdus.script import script_of_application, without_master_file
from cardsim.profiles import GEN2, GEN3
from cardsim.zones.layouts import Layout
from cardsim.zones.registry import ZONES
from keys.des import DES
from tests.cards import counting_entropy, make_image
from tests.unit.perso.apdus.blanks import TRANSPORT, Blank

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cardsim.chip.memory import Change
    from cardsim.perso.image import CardImage

LOG: dict[str, object] = {
    "elements": {
        "DF02/EF07": {f":{number:02}": f"{number}234567^20200101^20210101^某单位" for number in range(1, 4)},
    }
}


class Recorder:
    """A store that remembers every commit."""

    def __init__(self) -> None:
        self.commits: list[tuple[Change, ...]] = []

    def append(self, changes: Sequence[Change]) -> None:
        self.commits.append(tuple(changes))


@cache
def image(chip: str = "gen2") -> CardImage:
    if chip == "gen2":
        return make_image(LOG, chip=GEN2)
    return make_image(LOG, layout=Layout.V3_00, chip=GEN3)


@cache
def commits() -> tuple[tuple[Change, ...], ...]:
    """All that a whole run commits."""
    journal = Recorder()
    blank = Blank(image().profile, journal)
    blank.personalise(image())
    return tuple(journal.commits)


def cut_after(count: int) -> Blank:
    """The card as it is found when the power went behind commit ``count``."""
    memory = bytearray(image().profile.memory_size)
    for change in commits()[:count]:
        for place, data in change:
            memory[place : place + len(data)] = data
    blank = Blank(image().profile)
    blank.insert(bytes(memory))
    return blank


@settings(max_examples=25)
@given(st.data())
def test_a_power_cut_behind_any_commit(data: st.DataObject) -> None:
    assert len(commits()) > 300
    count = data.draw(st.integers(0, len(commits())))
    blank = cut_after(count)
    playback = blank.personalise(image(), resume=True)
    assert same_contents(blank.memory, image().memory)
    assert playback.done <= len(commits()) - count + 200  # what is written again is bytes, never a record


@pytest.mark.parametrize("chip", ["gen2", "gen3"])
def test_every_record_of_a_log_is_found_again(chip: str) -> None:
    """Broken off behind each of the different records of a cyclic file."""
    sections = script_of(image(chip).memory, TRANSPORT)
    sizes = []
    for section in sections:
        sizes += [step.place for step in section.steps if step.kind.name == "ENTRY"]
    assert sizes.count("DDF1/DF02/EF07") > 3
    blank = Blank(image(chip).profile)
    for stop in range(200, 330, 3):
        blank.run_until(play(sections, Playback(resume=True)), stop)
    blank.personalise(image(chip), resume=True)
    assert same_contents(blank.memory, image(chip).memory)


def test_a_run_does_not_go_on_on_a_card_of_somebody_else() -> None:
    other = make_image({"name": "张三", "card_number": "X00000019"}, chip=GEN2)
    blank = Blank(image().profile)
    blank.run_until(play(script_of(other.memory, TRANSPORT), Playback()), 60)
    before = blank.memory
    with pytest.raises(PlaybackError, match="the card has other records than are to be written"):
        blank.personalise(image(), resume=True)
    assert blank.memory == before


def test_contents_are_compared_without_the_mark_of_who_made_them() -> None:
    blank = Blank(image().profile)
    blank.personalise(image())
    assert blank.memory != image().memory
    assert same_contents(blank.memory, image().memory)
    assert not same_contents(blank.memory, make_image({"name": "张三"}, chip=GEN2).memory)


MASTER = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
GUARDED = (
    "80E03F000D38FFFFAAAAFF" + "FF" * 7,
    "80E00000073F005001F0FFFF",
    "80D401001539F0F0AA33" + MASTER.hex(),
)


def guarded() -> Blank:
    """A card whose MF lets nobody make anything but who proves its master key."""
    blank = Blank(image().profile)
    for command in GUARDED:
        assert blank.connection.transmit(bytes.fromhex(command)) == b"\x90\x00"
    blank.connection.reset()
    return blank


def playback(key: bytes) -> Playback:
    return Playback(unlock=lambda: prove_master_key(DES, key))


def test_a_card_with_a_master_key_is_opened_with_it() -> None:
    blank = guarded()
    blank.run(play(without_master_file(script_of(image().memory, TRANSPORT)), playback(MASTER)))
    zone = image().memory[11 + 14 :][:200]
    assert zone[11:60] in blank.memory


def test_without_it_nothing_is_made_and_the_message_says_what_is_wanted() -> None:
    blank = guarded()
    before = blank.memory
    with pytest.raises(PlaybackError, match=r"6982 .*wants its master key") as caught:
        blank.run(play(without_master_file(script_of(image().memory, TRANSPORT)), Playback()))
    assert "--transport-key" in caught.value.text.zh
    assert blank.memory == before


def test_a_wrong_master_key_is_tried_once() -> None:
    blank = guarded()
    with pytest.raises(PlaybackError, match=r"63C2, tries left: 2.*not tried again"):
        blank.run(play(without_master_file(script_of(image().memory, TRANSPORT)), playback(bytes(16))))
    blank.connection.reset()
    with pytest.raises(PlaybackError, match=r"63C1, tries left: 1"):
        blank.run(prove_master_key(DES, bytes(16)))


def test_one_zone_alone() -> None:
    whole = image("gen3")
    zones = [ZONES[name].application.aid for name in ("HRSS", "PKI")]
    blank = Blank(whole.profile)
    blank.connection.transmit(bytes.fromhex("80E03F000D38FFFFF0F0FF" + "FF" * 7))
    for name in zones:
        blank.run(play(script_of_application(whole.memory, name), Playback(resume=True, verify=True)))
    assert same_contents(blank.memory, whole.memory)


@pytest.mark.parametrize(
    ("dialect", "says"),
    [("fmcos", "6A81"), ("timecos", "6A81"), ("huada", "6A86")],
)
@pytest.mark.parametrize("chip", ["gen2", "gen3"])
def test_a_chip_of_another_dialect_stays_as_it_is(chip: str, dialect: str, says: str) -> None:
    blank = Blank(image(chip).profile, dialect=dialect)
    with pytest.raises(PlaybackError, match=f"lacks the extended dialect .{says}.*nothing was written"):
        blank.run(check_dialect())
    assert not any(blank.memory)
    blank = Blank(image(chip).profile)
    blank.run(check_dialect())
    assert not any(blank.memory)
    blank.personalise(image(chip))
    before = blank.memory
    blank.run(check_dialect())
    assert blank.memory == before


def test_a_wrong_transport_code_and_no_room() -> None:
    blank = Blank(image().profile)
    with pytest.raises(PlaybackError, match=r"6982 .*transport code is another one"):
        blank.run(play(script_of(image().memory, bytes(8)), Playback()))
    assert not any(blank.memory)
    small = Blank(image().profile.override({"memory_size": 4_096}))
    with pytest.raises(PlaybackError, match=r"6A84 .*has not the room"):
        small.personalise(image())


def test_a_card_without_native_commands() -> None:
    card = Card(Memory(image().memory, Recorder()), image().profile, counting_entropy, strict=True)
    blank = Blank(image().profile)
    blank.take(card)
    with pytest.raises(PlaybackError, match=r"6D00 .*no native commands"):
        blank.personalise(image())
