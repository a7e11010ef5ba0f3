"""The fixture for other projects, used as they use it: by its name alone, in a pytest run of their own."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.pcsc

_TESTS = """
import os
import subprocess

import pytest
from smartcard.System import readers
from smartcard.util import toBytes


@pytest.mark.parametrize("number", range(12))
def test_a_card(cardsim_reader, number):
    name = cardsim_reader.insert(holder={"category": str(number % 3 + 1)})
    connection = next(reader for reader in readers() if reader.name == name).createConnection()
    connection.connect()
    connection.transmit(toBytes("00A404000F7378312E73682EC9E7BBE1B1A3D5CF"))
    data, sw1, sw2 = connection.transmit(toBytes("00B2022803"))
    connection.disconnect()
    assert (bytes(data), sw1, sw2) == (b"\\x02\\x01" + str(number % 3 + 1).encode(), 0x90, 0x00)


def test_two_cards_and_a_program(cardsim_reader):
    names = [cardsim_reader.insert(), cardsim_reader.insert()]
    listed = subprocess.run(["opensc-tool", "-l"], capture_output=True, text=True, check=True).stdout
    assert all(name in listed for name in names)
    assert cardsim_reader.environment.items() <= os.environ.items()


def _connected(name):
    connection = next(reader for reader in readers() if reader.name == name).createConnection()
    connection.connect()
    return connection


def test_a_contactless_card(cardsim_reader):
    name = cardsim_reader.insert(chip="gen3", interface="contactless", settings={"uid": "04AABBCC"})
    assert "Contactless" in name
    connection = _connected(name)
    assert connection.transmit(toBytes("FFCA000000")) == ([0x04, 0xAA, 0xBB, 0xCC], 0x90, 0x00)
    connection.disconnect()


def test_one_card_in_two_readers(cardsim_reader):
    for name, start in zip(cardsim_reader.insert_both(), ([0x3B, 0x6D], [0x3B, 0x8D]), strict=True):
        connection = _connected(name)
        assert connection.getATR()[:2] == start
        connection.disconnect()


def test_empty_again(cardsim_reader):
    for _ in range(3):
        name = cardsim_reader.insert()
        assert name == cardsim_reader.names[0]
        cardsim_reader.remove(name)
"""


def _pytest(directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(directory), *words],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_in_parallel(tmp_path: Path) -> None:
    (tmp_path / "test_other_project.py").write_text(_TESTS)
    done = _pytest(tmp_path, "-n", "3")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^16 passed", done.stdout, re.MULTILINE)


def test_what_a_card_raises_fails_the_test(tmp_path: Path) -> None:
    (tmp_path / "test_broken.py").write_text(
        "import subprocess\n"
        "from cardsim.pytest_plugin import make_card\n"
        "def test_broken(cardsim_reader):\n"
        "    card = make_card()\n"
        "    card.transmit = lambda command: 1 // 0\n"
        "    cardsim_reader.insert(card)\n"
        "    subprocess.run(['opensc-tool', '-c', 'default', '-s', '00A40000'], check=False)\n"
        "def test_sound(cardsim_reader):\n"
        "    cardsim_reader.insert()\n"
        "    subprocess.run(['opensc-tool', '-a'], check=True)\n"
    )
    done = _pytest(tmp_path)
    assert "ZeroDivisionError" in done.stdout
    assert "2 passed, 1 error" in done.stdout
