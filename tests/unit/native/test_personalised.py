"""A card that native commands make, in the extended dialect, is the one that is built directly."""

from __future__ import annotations

from functools import cache

import pytest

from cardsim.perso.holder import Holder
from cardsim.perso.image import personalise
from cardsim.profiles import GEN2, GEN3, Profile
from cardsim.zones.layouts import Layout
from tests.unit.chip.bench import SSSE, Bench
from tests.unit.native.apart import commands, tree

CHIPS = {"gen2": (GEN2, Layout.V2_00), "gen3": (GEN3, Layout.V3_00)}


@cache
def built(chip: str, **settings: object) -> tuple[bytes, Profile]:
    profile, layout = CHIPS[chip]
    image = personalise(profile.override(settings), layout, Holder())
    return image.memory, image.profile


def blank_of(memory: bytes, profile: Profile) -> Bench:
    return Bench(bytes(len(memory)), profile.override({"blank": True, "native_dialect": "extended"}))


@pytest.mark.parametrize(
    ("chip", "settings"),
    [("gen2", {}), ("gen3", {}), ("gen2", {"write_protection": "mac"}), ("gen2", {"write_protection": "cipher"})],
    ids=str,
)
def test_file_by_file_and_key_by_key(chip: str, settings: dict[str, object]) -> None:
    memory, profile = built(chip, **settings)
    card = blank_of(memory, profile)
    for command in commands(memory):
        answer = card.send(command)
        assert answer.endswith("9000"), f"{command}: {card.card.last_refusal}"
    assert tree(bytes(card.memory.view)) == tree(memory)


def test_it_goes_on_behind_a_reset_at_any_command() -> None:
    """What a break leaves is gone on with: the unsealed directory is still free."""
    memory, profile = built("gen2")
    card = blank_of(memory, profile)
    path: list[str] = []
    for command in commands(memory):
        card.card.reset()
        for step in path:
            assert card.send(step).endswith("9000")
        answer = card.send(command)
        assert answer.endswith("9000"), f"{command}: {card.card.last_refusal}"
        if command.startswith("00A4"):
            path = _followed(path, command)
    assert tree(bytes(card.memory.view)) == tree(memory)


def _followed(path: list[str], command: str) -> list[str]:
    """The selections that lead back to where ``command`` has come; by name it is the application, the first of them."""
    if command == "00A40000023F00":
        return []
    return path[:1] if command.startswith("00A40400") else [*path, command]


def test_a_sealed_application_understands_its_own_commands_alone() -> None:
    memory, profile = built("gen2")
    card = blank_of(memory, profile)
    for command in commands(memory):
        card.send(command)
    assert card.send(SSSE).endswith("9000")
    assert card.send("80E0EF3007280001F0F0FFFF") == "6D00"
    assert card.send("80E08000") == "6D00"
    assert card.send("00B2012F00") == "6A86"
    assert card.send("0020000003123456") == "9000"
    for step in ("00A4020002EF06", "0084000008"):
        assert card.send(step).endswith("9000")
