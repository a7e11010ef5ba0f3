"""Programs that we did not write are at ease with the card: opensc-tool, scriptor, pcsc_scan."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.cards import insert, make_image

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pcsc.slots import Slots

pytestmark = pytest.mark.pcsc

_ATR = "3B6D00000081544C92868463999F8FF5CD"


def _run(*words: str, status: int = 0) -> str:
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def _number(reader: str) -> str:
    """opensc-tool's number of a reader."""
    lines = _run("opensc-tool", "-l").splitlines()
    return next(line.split()[0] for line in lines if line.endswith(reader))


def test_opensc_tool(slots: Slots) -> None:
    reader = slots.insert(insert(make_image()))
    listed = next(line for line in _run("opensc-tool", "-l").splitlines() if line.endswith(reader))
    assert listed.split()[1] == "Yes"  # a card is in it
    number = _number(reader)
    assert _run("opensc-tool", "-r", number, "-a").replace(":", "").strip().upper() == _ATR
    sent = _run(
        *("opensc-tool", "-r", number, "-c", "default", "-s", "00A404000F7378312E73682EC9E7BBE1B1A3D5CF00"),
        *("-s", "00B2032806"),
    )
    # OpenSC fetches after 61xx by itself when the command has an Le, so the FCI comes with 9000.
    assert "6F 16 84 0F 73 78 31 2E 73 68 2E C9 E7 BB E1 B1" in sent
    assert "03 04 32 2E 30 30" in sent
    assert sent.count("SW1=0x90, SW2=0x00") == 2


def test_opensc_tool_probing_all_its_drivers(slots: Slots) -> None:
    """Without -c default it sends some thirty probes first; none may be taken for another card."""
    number = _number(slots.insert(insert(make_image())))
    done = subprocess.run(["opensc-tool", "-r", number, "-n"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in (0, 1)
    assert done.stdout.strip().lower() in ("", "unsupported card", "unidentified card")


def test_opensc_tool_resets(slots: Slots) -> None:
    number = _number(slots.insert(insert(make_image())))
    for kind in ("warm", "cold"):
        _run("opensc-tool", "-r", number, "-c", "default", f"--reset={kind}")


def test_scriptor_t0(slots: Slots, tmp_path: Path) -> None:
    reader = slots.insert(insert(make_image()))
    script = tmp_path / "session.txt"
    script.write_text(
        "00A404000F7378312E73682EC9E7BBE1B1A3D5CF\n00C0000018\n00A4000002EF06\n00B2083014\nreset\n00B2083014\n"
    )
    out = _run("scriptor", "-r", reader, "-p", "T=0", str(script))
    assert "61 18" in out
    assert "6F 16 84 0F" in out
    assert "08 12 36 33 39 39 30 30" in out
    assert "6A 82" in out  # after the reset the MF is current: no file with SFI 6


def test_pcsc_scan(slots: Slots) -> None:
    reader = slots.insert(insert(make_image()))
    assert reader in _run("pcsc_scan", "-r")
    out = _run("pcsc_scan", "-n", "-t", "1")
    assert "Card inserted" in out
    assert "3B 6D 00 00 00 81 54 4C 92 86 84 63 99 9F 8F F5 CD" in out
