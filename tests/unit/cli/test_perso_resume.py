"""`cardsim perso run --resume`: what was broken off goes on, what is somebody else's does not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cardsim.cli.export import load_image
from cardsim.store import CardStore, StoreError, read_card_file
from tests.unit.cli.blanks import PROVED, frames_of, make, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.running import Runner


def test_a_run_that_goes_on_with_another_pin_is_told(cardsim: Runner, blank: Path, tmp_path: Path) -> None:
    holder = tmp_path / "holder.json"
    holder.write_text('{"hrss_pin": "654321"}')
    frames = frames_of(cardsim, blank.with_name("again.card"))
    blank.write_bytes(frames[: (len(frames) + blank.stat().st_size) // 2])
    ran = cardsim(*run(blank, "--resume", "--holder", holder))
    assert ran.status == 1
    assert "DDF1 PIN 00: the card has another value (63C5, tries left: 5)" in ran.err


def test_a_card_of_somebody_else_is_asked_once_and_not_written(cardsim: Runner, blank: Path, tmp_path: Path) -> None:
    holder = tmp_path / "holder.json"
    holder.write_text('{"region_code": "110000"}')
    assert cardsim(*run(blank)).status == 0
    before = load_image(blank)
    for verify in (), ("--verify",):
        said = cardsim.refused(*run(blank, "--resume", *verify, "--holder", holder), status=1)
        assert said == "cardsim: DDF1: the card has other keys than those of this run; nothing was written\n"
        assert load_image(blank) == before


@pytest.mark.parametrize("chip", ["gen2", "gen3"])
def test_a_finished_card_of_another_holder_does_not_verify(cardsim: Runner, tmp_path: Path, chip: str) -> None:
    path, holder = make(cardsim, tmp_path / "b.card", chip), tmp_path / "holder.json"
    holder.write_text(json.dumps({"name": "李四光"}), encoding="utf-8")
    assert cardsim(*run(path, chip=chip)).status == 0
    before = load_image(path)
    ran = cardsim(*run(path, "--resume", "--verify", "--holder", holder, chip=chip))
    assert (ran.status, load_image(path)) == (1, before)
    assert "the card gives back something else (9000)" in ran.err
    ran = cardsim(*run(path, "--resume", "--verify", chip=chip))
    assert ran.status == 0
    assert "read back and equal: 0;" not in ran.out


def test_a_run_under_other_keys_does_not_go_on(
    cardsim: Runner, tmp_path: Path, blank: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARDSIM_PASSPHRASE", "correct horse")
    store = tmp_path / "keys.store"
    assert cardsim("keys", "init", store).status == 0
    frames = frames_of(cardsim, blank.with_name("again.card"))
    blank.write_bytes(frames[: (len(frames) + blank.stat().st_size) // 2])
    before = load_image(blank)
    said = cardsim.refused(*run(blank, "--resume", "--keystore", store), status=1)
    assert "other keys than those of this run; nothing was written" in said
    assert load_image(blank) == before
    assert cardsim(*run(blank, "--resume", "--verify")).status == 0


@pytest.mark.parametrize("kept", [0.05, 0.5, 0.93, 0.99, 1])
def test_a_run_in_a_field_goes_on_there(cardsim: Runner, tmp_path: Path, kept: float) -> None:
    """Also where a finished directory is hidden in the field."""
    settings, path = tmp_path / "p.toml", tmp_path / "b.card"
    settings.write_text('contact_only_zones = ["PKI"]\n')
    words = ("--interface", "contactless", "--chip-profile", settings)
    frames = frames_of(cardsim, path, *words, chip="gen3")
    empty = make(cardsim, tmp_path / "c.card", "gen3").stat().st_size
    path.write_bytes(frames[: empty + int((len(frames) - empty) * kept)])
    ran = cardsim(*run(path, *words, "--resume", "--verify", chip="gen3"))
    assert ran.status == 0, ran.err
    assert cardsim("read", "--card", path, "--auth", "hsm").status == 0
    assert cardsim("identify", "--card", path, "--user-pin", "123456").status == 0


@pytest.mark.parametrize("bytes_kept", [0.001, 0.3, 0.62, 0.97])
def test_a_file_whose_process_was_killed_goes_on(cardsim: Runner, blank: Path, bytes_kept: float) -> None:
    empty = blank.stat().st_size
    with CardStore.open(blank) as store:  # the frames of a run that has not been described yet
        before = store.description
    assert cardsim(*run(blank)).status == 0
    whole = load_image(blank)
    frames = frames_of(cardsim, blank.with_name("again.card"))
    blank.write_bytes(frames[: empty + int((len(frames) - empty) * bytes_kept)])
    assert read_card_file(blank)[0] == before
    ran = cardsim(*run(blank, "--resume", "--verify"))
    assert ran.status == 0, ran.err
    assert load_image(blank) == whole


def test_a_finished_card_is_finished(cardsim: Runner, blank: Path) -> None:
    assert cardsim(*run(blank)).status == 0
    before = load_image(blank)
    ran = cardsim(*run(blank, "--resume", "--verify"))
    assert ran.status == 0
    assert ran.out.startswith("the card was finished before; nothing was written\n")
    assert PROVED in ran.out
    assert load_image(blank) == before


def test_a_description_that_can_not_be_written_leaves_the_old(blank: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with CardStore.open(blank) as store:
        before = store.description

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("cardsim.store.disk.write_temporary", full)
        with pytest.raises(StoreError, match="No space left"):
            store.describe(before)
        assert store.description is before
