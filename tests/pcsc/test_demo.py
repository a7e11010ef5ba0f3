"""`scripts/run --stay`, ended by whoever started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.pcsc

DEMO = Path(__file__).parents[2] / "scripts" / "demo.py"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    words = [sys.executable, str(DEMO), "--stay", "--lang", "en"]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as demo:
        assert demo.stdout
        try:
            assert any("export PCSCLITE_CSOCK_NAME=" in line for line in demo.stdout)
            assert list(tmp_path.glob("*/alice.card"))
            demo.send_signal(number)
            assert demo.wait(30) == 128 + number
        finally:
            demo.kill()
    assert not list(tmp_path.iterdir())
