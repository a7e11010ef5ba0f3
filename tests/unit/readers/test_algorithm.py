"""The algorithm that a card's FCI tells (facts terminal-interface 2.1, 2.5), and what a terminal makes of it."""

from __future__ import annotations

import pytest

from cardsim.zones.factors import suite_of
from cardsim.zones.model import KeyAlgorithm
from keys.sm import Extension, Fold, SmForms
from readers.errors import CardRefusedError
from readers.terminal.hrss import algorithm_of

NAME = "840F7378312E73682EC9E7BBE1B1A3D5CF"
# The FCI of the recorded session G1; that of a newer card; and other things that may stand there.
DES_FCIS = {
    "recorded, no 9F0C": f"6F16{NAME}A50388010B",
    "9F0C says 01": f"6F1C{NAME}A50988011E9F0C03860101",
    "no A5": f"6F11{NAME}",
    "9F0C outside A5": f"6F17{NAME}9F0C03860103",
    "9F0C of four bytes": f"6F1D{NAME}A50A88011E9F0C0486010300",
    "9F0C of another kind": f"6F1C{NAME}A50988011E9F0C03870103",
    "9F0C of no bytes": f"6F19{NAME}A50688011E9F0C00",
    "not an FCI": "700401020304",
    "cut off": f"6F1C{NAME}A50988011E9F0C038601",
    "empty": "",
}


@pytest.mark.parametrize("fci", DES_FCIS.values(), ids=DES_FCIS)
def test_des(fci: str) -> None:
    assert algorithm_of(bytes.fromhex(fci)) is KeyAlgorithm.DES


@pytest.mark.parametrize("template", ["A50988011E9F0C03860103", "A5069F0C03860103", "A5099F0C0386010388011E"])
def test_sm4(template: str) -> None:
    fci = f"{NAME}{template}"
    assert algorithm_of(bytes.fromhex(f"6F{len(fci) // 2:02X}{fci}")) is KeyAlgorithm.SM4


@pytest.mark.parametrize(("number", "name"), [("02", r"SSF33 \(02\)"), ("00", "00"), ("04", "04"), ("FF", "FF")])
def test_what_is_not_supported_is_refused(number: str, name: str) -> None:
    with pytest.raises(CardRefusedError, match=f"for algorithm {name}, which is not supported") as caught:
        algorithm_of(bytes.fromhex(f"6F1C{NAME}A50988011E9F0C038601{number}"))
    assert "不受支持" in caught.value.text.zh


@pytest.mark.parametrize(("algorithm", "block", "number"), [(KeyAlgorithm.DES, 8, 1), (KeyAlgorithm.SM4, 16, 3)])
def test_suites(algorithm: KeyAlgorithm, block: int, number: int) -> None:
    suite = suite_of(algorithm)
    assert (suite.block, suite.algorithm_id, suite.cryptogram_size) == (block, number, 8)


@pytest.mark.parametrize(("fold", "size"), [(Fold.XOR_HALVES, 8), (Fold.LEFT_HALF, 8), (Fold.WHOLE, 16)])
@pytest.mark.parametrize("extension", list(Extension))
def test_a_cryptogram_has_the_size_that_is_told(extension: Extension, fold: Fold, size: int) -> None:
    suite = suite_of(KeyAlgorithm.SM4, SmForms(extension, fold))
    assert suite.cryptogram_size == len(suite.cryptogram(bytes(16), bytes(8))) == size
