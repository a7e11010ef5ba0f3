"""Blank cards for `cardsim perso run`, and runs on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cardsim.store import CardStore

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.running import Runner

PROVED = "keys and PINs proved: "


def make(cardsim: Runner, path: Path, chip: str = "gen2", *words: str) -> Path:
    ran = cardsim("new", "--chip", chip, "--blank", "--dialect", "extended", *words, "--out", path)
    assert ran.status == 0, ran.err
    return path


def run(path: Path, *words: str | Path, chip: str = "gen2") -> tuple[str | Path, ...]:
    return ("perso", "run", "--profile", chip, "--card", path, *words)


def frames_of(cardsim: Runner, path: Path, *words: str | Path, chip: str = "gen2") -> bytes:
    """A card file as it is at the end of a run, before anything folds it."""
    make(cardsim, path, chip)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CardStore, "describe", lambda *_: None)
        assert cardsim(*run(path, *words, chip=chip)).status == 0
    return path.read_bytes()
