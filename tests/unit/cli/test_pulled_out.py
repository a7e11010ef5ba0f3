"""A card that is pulled out while it is dumped, compared or written to: one message, and nothing half done is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from readers.connect.layers import with_layers
from readers.errors import CardRemovedError

if TYPE_CHECKING:
    from pathlib import Path

    from apdu import Connection
    from tests.unit.cli.running import Runner


class Pulled:
    """A connection whose card goes after some commands."""

    def __init__(self, inner: Connection, left: int) -> None:
        self._inner = inner
        self._left = left

    def transmit(self, command: bytes) -> bytes:
        if not self._left:
            raise CardRemovedError("the card was pulled out", "卡被拔出")
        self._left -= 1
        return self._inner.transmit(command)

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)


@pytest.mark.parametrize("left", [0, 1, 30, 150])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_dump(cardsim: Runner, card: Path, monkeypatch: pytest.MonkeyPatch, left: int, language: str) -> None:
    monkeypatch.setattr(
        "cardsim.cli.dump.with_layers", lambda bare, trace: Pulled(with_layers(bare, trace=trace), left)
    )
    message = {"en": "the card was pulled out", "zh": "卡被拔出"}[language]
    assert message in cardsim.refused("--lang", language, "dump", "--card", card, "--json", status=1)


@pytest.mark.parametrize("left", [0, 5, 40])
def test_applying(cardsim: Runner, card: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: int) -> None:
    path = tmp_path / "wanted.json"
    cardsim("export", card, "--out", path)
    monkeypatch.setattr(
        "cardsim.cli.apply.with_layers", lambda bare, trace: Pulled(with_layers(bare, trace=trace), left)
    )
    assert "the card was pulled out" in cardsim.refused("apply", path, "--card", card, status=1)
