"""Run pyscard's own hardware tests with two of our cards, in the service and behind pcscd and vpcd.

The tests come with pyscard's source distribution, which pip downloads: `.venv/bin/python scripts/pyscard_suite.py`.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from cardsim.pytest_plugin import make_card
from readers.serve.pcscd import PrivatePcscd
from readers.serve.pcsclite.server import PcscService
from readers.serve.vpcd import VpcdServer

if TYPE_CHECKING:
    from collections.abc import Iterator

_PARTS = ("framework", "scard")
_SETTLE_SECONDS = 1.5


def main() -> int:
    """Run the suite on both readers; 0 when nothing failed in the service."""
    with tempfile.TemporaryDirectory() as name:
        tests = _fetch(Path(name))
        with _service() as environment:
            failed = _run(tests, environment, "service")
        with _pcscd() as environment:
            _run(tests, environment, "pcscd with vpcd")
    return bool(failed)


def _fetch(directory: Path) -> Path:
    source = f"pyscard=={version('pyscard')}"
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", "pyscard", source],
        cwd=directory,
        check=True,
    )
    with tarfile.open(next(directory.glob("pyscard-*.tar.gz"))) as archive:
        archive.extractall(directory, filter="data")
    return next(directory.glob("pyscard-*/src/smartcard/test"))


@contextlib.contextmanager
def _service() -> Iterator[dict[str, str]]:
    with PcscService(2) as service:
        for region in ("639900", "110000"):  # it is in the ATR, and the tests want two
            service.insert(make_card({"region_code": region}))
        yield service.environment


@contextlib.contextmanager
def _pcscd() -> Iterator[dict[str, str]]:
    with PrivatePcscd(("Bench 0", "Bench 1")) as pcscd, contextlib.ExitStack() as stack:
        for slot, region in enumerate(("639900", "110000")):
            server = VpcdServer(make_card({"region_code": region}), stack.enter_context(pcscd.connect(slot)))
            thread = threading.Thread(target=server.run, daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.stop)
        time.sleep(_SETTLE_SECONDS)
        yield pcscd.environment


def _run(tests: Path, environment: dict[str, str], name: str) -> int:
    ran = 0
    failed: list[str] = []
    for part in _PARTS:
        done = subprocess.run(
            [sys.executable, f"testsuite_{part}.py", "-v"],
            cwd=tests / part,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        ran += sum(int(number) for number in re.findall(r"^Ran (\d+) tests", done.stderr, re.MULTILINE))
        failed += re.findall(r"^(?:FAIL|ERROR): (.*)", done.stderr, re.MULTILINE)
    print(f"{name}: {ran - len(failed)} of {ran} passed", *failed, sep="\n    ", flush=True)
    return len(failed) + (ran == 0)


if __name__ == "__main__":
    sys.exit(main())
