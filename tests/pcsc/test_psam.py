"""A terminal with two readers, the card in one and the PSAM in the other, through pcscd and our own service."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cardsim.chip.card import Card
from cardsim.chip.memory import Memory, NoJournal
from cardsim.chip.t0 import T0Port
from cardsim.cli import main
from cardsim.perso import Holder, personalise
from cardsim.perso.psam import PsamNumbers, personalise_psam
from cardsim.profiles import GEN2, GEN3, PSAM
from cardsim.zones.layouts import Layout
from tests.cards import counting_entropy

if TYPE_CHECKING:
    from pathlib import Path

    from cardsim.perso import CardImage
    from cardsim.profiles import Profile
    from tests.pcsc.slots import Slots

pytestmark = pytest.mark.pcsc

TERMINAL, DEVICE = "410100813475", "00012600202203000183"


def port(image: CardImage) -> T0Port:
    card = Card(Memory(image.memory, NoJournal()), image.profile, counting_entropy, strict=True)
    return T0Port(card, image.profile)


@pytest.mark.parametrize(("profile", "layout"), [(GEN2, Layout.V2_00), (GEN3, Layout.V3_00)], ids=["gen2", "gen3"])
def test_reading_writing_and_reloading_through_two_readers(
    slots: Slots, capsys: pytest.CaptureFixture[str], tmp_path: Path, profile: Profile, layout: Layout
) -> None:
    card = slots.insert(port(personalise(profile, layout, Holder())))
    psam = slots.insert(port(personalise_psam(PSAM, PsamNumbers.parse(TERMINAL, DEVICE))))
    where = ("--reader", card, "--auth", "psam", "--psam-reader", psam)

    def cardsim(*words: str | Path) -> str:
        capsys.readouterr()
        status = main(["--lang=en", *map(str, words)])
        captured = capsys.readouterr()
        assert (status, captured.err) == (0, "")
        return captured.out

    assert cardsim("write", *where, "EF06/09=NEW NAME") == "EF06/09  written and verified\n"
    report = json.loads(cardsim("read", *where, "--json"))
    assert (report["terminal_number"], report["device_number"]) == (TERMINAL, DEVICE)
    names = {file["file"]: file for file in report["files"]}
    values = {item["tag"]: item["value"] for item in names["SSSE/EF06"]["elements"]}
    assert values["09"] == "NEW NAME"
    assert names["SSSE/EF08"]["status"] == "9000"
    trace = tmp_path / "reload.trace"
    assert cardsim("pin", "reload", *where, "--new", "75319864", "--trace", trace).startswith("the PIN is the new one")
    assert cardsim("pin", "verify", "--reader", card, "--pin", "75319864") == "the PIN is right\n"
    for file in (trace, tmp_path / "reload.psam.trace"):
        assert "75319864" not in file.read_text(encoding="utf-8")
    assert "> BFDE480918" in (tmp_path / "reload.psam.trace").read_text(encoding="utf-8")


def test_a_psam_reader_that_is_no_psams(slots: Slots, capsys: pytest.CaptureFixture[str]) -> None:
    card = slots.insert(port(personalise(GEN2, Layout.V2_00, Holder())))
    other = slots.insert(port(personalise(GEN2, Layout.V2_00, Holder())))
    assert main(["--lang=en", "read", "--reader", card, "--auth", "psam", "--psam-reader", other]) == 1
    assert "-2201: " in capsys.readouterr().err
