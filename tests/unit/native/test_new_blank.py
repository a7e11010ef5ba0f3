"""`cardsim new --blank`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cardsim.cli import main
from cardsim.store import read_card_file

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("chip", "size"), [("gen2", 32_768), ("gen3", 163_840)])
def test_a_blank_chip_is_erased_and_takes_native_commands(
    chip: str, size: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "blank.card"
    arguments = ["new", "--chip", chip, "--blank", "--dialect", "extended", "--transport-key", "0102030405060708"]
    assert main([*arguments, "--out", str(path)]) == 0
    description, image = read_card_file(path)
    assert image == bytes(size)
    assert description.profile.blank
    assert len(description.profile.historical_bytes) == 13
    assert main(["show", str(path)]) == 0
    capsys.readouterr()
    create = "80E03F000E38FFFFF0F0010102030405060708"
    assert main(["apdu", "--card", str(path), "0084000008"]) == 1
    assert "< 6A81" in capsys.readouterr().out
    assert main(["apdu", "--card", str(path), create, "0084000008"]) == 0
    assert main(["show", str(path)]) == 0
    assert "3F00 1PAY.SYS.DDF01" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--chip", "gen2", "--blank", "--holder", "x.json"), "--holder"),
        (("--chip", "gen2", "--blank", "--transport-key", "0102"), "native_transport_key"),
        (("--chip", "gen2", "--blank", "--transport-key", "xy"), "--transport-key"),
        (("--chip", "gen2", "--dialect", "fmcos"), "--dialect"),
        (("--chip", "psam", "--blank"), "--blank"),
    ],
)
def test_what_does_not_go_together(
    arguments: tuple[str, ...], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", *arguments, "--out", str(tmp_path / "blank.card")]) == 2
    assert says in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
