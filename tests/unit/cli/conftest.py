from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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


@pytest.fixture
def card(cardsim: Runner, tmp_path: Path) -> Path:
    """Return a card file with the default holder."""
    path = tmp_path / "alice.card"
    assert cardsim("new", "--chip", "gen2", "--out", path).status == 0
    return path
