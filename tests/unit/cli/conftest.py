from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cardsim.cli import main
from tests.unit.cli.blanks import make
from tests.unit.cli.running import Runner

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _plain_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def cardsim(capsys: pytest.CaptureFixture[str]) -> Runner:
    """Return what runs the command in this process."""
    return Runner(capsys)


@pytest.fixture(scope="session")
def card_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return what a new card file with the default holder has in it."""
    path = tmp_path_factory.mktemp("card") / "alice.card"
    assert main(["new", "--chip", "gen2", "--out", str(path)]) == 0
    return path.read_bytes()


@pytest.fixture
def card(card_bytes: bytes, tmp_path: Path) -> Path:
    """Return a card file with the default holder, this test's own."""
    path = tmp_path / "alice.card"
    path.write_bytes(card_bytes)
    return path


@pytest.fixture
def blank(cardsim: Runner, tmp_path: Path) -> Path:
    """A blank gen2 chip with the dialect of whole cards."""
    return make(cardsim, tmp_path / "blank.card")
