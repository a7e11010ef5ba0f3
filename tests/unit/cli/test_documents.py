"""The commands of README and docs, as printed there, from the root of a fresh clone."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.cli.running import Runner

ROOT = Path(__file__).parents[3]
DOCUMENTS = ("README.md", "docs/third-generation.md", "docs/blank-cards.md")
REFUSED = "00B0880000"
"""The command whose refusal README explains."""


def commands(document: str) -> Iterator[list[str]]:
    """Yield the words of each command; what stands behind two blanks says what it does.

    Left out: what waits to be ended, what needs a card in a reader, and what lists subcommands or actions.
    """
    for line in (ROOT / document).read_text(encoding="utf-8").splitlines():
        if line.startswith("    cardsim "):
            printed = re.split(r" {2,}", line.strip())[0]
            words = shlex.split(printed)
            outside = words[1] in ("serve", "readers") or ("--reader" in words and words[1] != "run")
            if not outside and "|" not in words:
                yield words


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CARDSIM_PASSPHRASE", "correct horse")
    return tmp_path


@pytest.mark.usefixtures("clone")
@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("programs", [False, pytest.param(True, marks=pytest.mark.pcsc)])
def test_they_work(cardsim: Runner, document: str, programs: bool) -> None:
    """Those that start a program in turn, which sees its card through PC/SC, only with ``programs``."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}
    played = 0
    for words in commands(document):
        if words[1] != "run":
            ran = cardsim(*words[1:])
            assert ran.status == int(REFUSED in words), (words, ran.err)
        elif programs:
            done = subprocess.run(words, env=environment, capture_output=True, timeout=60, check=False)
            assert done.returncode == 0, (words, done.stderr)
        played += 1
    assert played > 6


@pytest.mark.usefixtures("clone")
def test_readme_shows_what_the_refused_command_says(cardsim: Runner) -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    shown = "".join(f"{line[4:]}\n" for line in lines[lines.index(f"    > {REFUSED}") :][:4])
    wanted = [words for words in commands("README.md") if REFUSED in words or words[-1] == "alice.card"]
    outputs = [cardsim(*words[1:]).out for words in wanted]
    assert outputs[-1].endswith(shown)
