"""What is on a card file, seen with every key and the PIN; and cards whose keys come from elsewhere."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from cardsim.perso import Holder, personalise
from cardsim.profiles import GEN2
from cardsim.store import create_card_file
from cardsim.zones.layouts import Layout
from keys.keyring import TestKeyring
from keys.tree import Roots, TestRoots

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.running import Runner


def plain_files(report: str) -> dict[str, dict[str, Any]]:
    """Return the files of a `read --json` by their names."""
    plain = json.loads(report)
    below = [file for directory in plain["directories"] for file in directory["files"]]
    return {file["file"]: file for file in (*plain["files"], *below)}


def contents(cardsim: Runner, card: Path, pin: str = "123456") -> dict[str, dict[str, Any]]:
    """Return every file of a card."""
    ran = cardsim("read", "--card", card, "--auth", "hsm", "--pin", pin, "--json")
    assert (ran.status, ran.err) == (0, "")
    return plain_files(ran.out)


def raw(files: dict[str, dict[str, Any]], place: str) -> str:
    """Return what stands at "SSSE/EF06/09", "DF01/EF15/40:02", "DF02/EF07/:01" or "DF01/EF16", in hexadecimal."""
    directory, file, *address = place.split("/")
    found = files[f"{directory}/{file}"]
    if not address:
        return str(found["content"])
    tag, _, number = address[0].partition(":")
    if not tag:
        return str(found["records"][int(number) - 1])
    items = (item for item in found["elements"] if (item["tag"], item["number"]) == (tag, int(number or 1)))
    return str(next(items)["raw"])


def key_tries(cardsim: Runner, card: Path) -> dict[str, str]:
    """Return what `show` says about each key: {"RK": "3 of 3", "DF01/RK1": "2 of 3"}."""
    found: dict[str, str] = {}
    directory = ""
    for line in cardsim("show", card).out.splitlines():
        if match := re.match(r"    (DF\d\d)  ", line):
            directory = f"{match[1]}/"
        elif match := re.match(r" +key (\w+) .*?(\d+ of \d+) tries left", line):
            found[directory + match[1]] = match[2]
    return found


class KeyringOfAnother(TestKeyring):
    """The TEST keys, but for those whose name contains ``changed``; "" changes all of them."""

    def __init__(self, changed: str = "") -> None:
        self._changed = changed

    def roots(self, algorithm: str = "DES") -> Roots:
        del algorithm
        return self

    def root(self, name: str, version: int) -> bytes:
        if self._changed in name:
            return hashlib.sha256(f"another {name}".encode()).digest()[:16]
        return TestRoots().root(name, version)


def make_card_of_another(path: Path, changed: str = "") -> Path:
    """Make a card with keys that `--auth hsm` does not have."""
    create_card_file(path, personalise(GEN2, Layout.V2_00, Holder(), keyring=KeyringOfAnother(changed)))
    return path


def commands(trace: Path) -> list[str]:
    """Return the commands in a trace."""
    lines = trace.read_text(encoding="utf-8").splitlines()
    return [line.removeprefix("> ") for line in lines if line.startswith("> ")]
