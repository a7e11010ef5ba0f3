"""A card with purses that APDUs alone made is the one that is built directly, and its purses work."""

from __future__ import annotations

import pytest

from cardsim.chip.purse.body import PurseState
from cardsim.perso.apdus import Playback, play, script_of
from cardsim.perso.apdus.nodes import same_contents
from cardsim.perso.apdus.script import ScriptError
from cardsim.perso.image import CardImage
from cardsim.profiles import GEN2, GEN3, Profile
from cardsim.zones.layouts import Layout
from tests.unit.perso.apdus.blanks import TRANSPORT, Blank
from tests.unit.purse import demo
from tests.unit.purse.lab import SELECT, VERIFY, Lab

CHIPS = [
    pytest.param(GEN2, id="gen2"),
    pytest.param(GEN3, id="gen3"),
    pytest.param(GEN2.override({"purse_proofs": "last"}), id="22 bytes"),
]


def image(profile: Profile) -> CardImage:
    return CardImage(demo.image(profile), profile, Layout.V2_00, {})


@pytest.mark.parametrize("profile", CHIPS)
def test_it_is_the_same_card(profile: Profile) -> None:
    built, blank = image(profile), Blank(profile)
    playback = blank.personalise(built, verify=True)
    assert same_contents(blank.memory, built.memory)
    assert playback.done


@pytest.mark.parametrize("profile", CHIPS)
def test_its_purses_work(profile: Profile) -> None:
    """Transit 3.6, row (a), and 3.7."""
    blank = Blank(profile)
    blank.personalise(image(profile))
    card = Lab(blank.memory, profile, ("C903814D", "584633C9", "584633C9"), selected=False)
    assert card.run(SELECT, VERIFY, "805000020B010000200000112233445510") == "0000000000000000C903814D03976C229000"
    assert card.send("805200000B201612161058008AFA5718") == "FA00066D9000"
    assert card.send("805001020B01000000010011223344550F") == "0000200000000000000000584633C99000"
    assert card.send("805401000F0000000020161216134600D45737C508") == "8AF270DC66B54A6B9000"
    assert card.send("80DC00F030" + "EE" * 48) == "6901"
    assert card.send("805001020B41000000010011223344550F") == "00001FFF00010000004104584633C99000"
    assert card.send("80E0002007280010F0F0FFFF") == "6D00", "it is sealed"


@pytest.mark.parametrize("count", [3, 20, 35, 50, 60])
def test_a_broken_run_goes_on(count: int) -> None:
    built, blank = image(GEN2), Blank(GEN2)
    blank.run_until(play(script_of(built.memory, TRANSPORT), Playback()), count)
    blank.personalise(built, resume=True, verify=True)
    assert same_contents(blank.memory, built.memory)


def test_a_purse_with_money_is_loaded_not_personalised() -> None:
    with pytest.raises(ScriptError, match=r"0002: a purse that is not empty is filled by loading it"):
        script_of(demo.image(states={2: PurseState(1)}), TRANSPORT)
