"""Wrong MACs on 0015 and 0016 lock the application for ever (native-card-os 4: FM-G)."""

from __future__ import annotations

import pytest

from tests.unit.native.cards import DF, DF_KEYS, INTO_DF, INTO_MF, KEYS, MF, MF_KEYS, Native

LINE = f"80D401000D36F0F0FF33{KEYS['K8']}"
UPDATE = {"0015": "04D6950005AA", "0016": "04D6960005AA", "0017": "04D6970005AA"}


def card_with_files(**settings: object) -> Native:
    card = Native(**settings)
    files = (f"80E0{fid}07A80004F0F0FFFF" for fid in UPDATE)
    assert card.run(MF, MF_KEYS, DF, INTO_DF, DF_KEYS, LINE, *files) == "9000"
    return card


@pytest.mark.parametrize("fid", ["0015", "0016"])
def test_the_third_wrong_mac_locks_the_application(fid: str) -> None:
    card = card_with_files()
    assert [card.mac("K1", UPDATE[fid]) for _ in range(2)] == ["6988"] * 2
    assert card.mac("K8", UPDATE[fid]) == "9000", "a right one gives the tries back"
    assert [card.mac("K1", UPDATE[fid]) for _ in range(3)] == ["6988", "6988", "9303"]
    assert "3F01" in str(card.card.last_refusal)
    assert card.mac("K8", UPDATE[fid]) == "6A81"
    again = Native(bytes(card.memory.view))
    assert again.send(INTO_DF) == "6A81"
    assert again.send("00B0950004") == "6A81"
    assert again.mac("K8", "8418000004") == "9303"
    assert again.send(INTO_MF)[-4:] == "9000", "the card itself goes on"


def test_a_key_whose_tries_are_gone_locks_it_too() -> None:
    """Also behind a power cut between the last try and the lock."""
    card = card_with_files()
    for _ in range(3):
        card.mac("K1", UPDATE["0017"])
    assert card.mac("K8", UPDATE["0017"]) == "6983"
    assert card.send("00B0970004")[-4:] == "6281", "another file locks nothing"
    assert card.send("04D6950002AABB") == "6987", "and no command without a MAC"
    assert card.send(UPDATE["0015"] + "00000000") == "6984"
    assert card.send("00B0970004")[-4:] == "6281"
    assert card.mac("K8", UPDATE["0015"]) == "9303"
    assert card.send("00B0970004") == "6A81"


def test_without_a_challenge_nothing_is_counted() -> None:
    card = card_with_files()
    assert [card.send(UPDATE["0015"] + "00000000") for _ in range(4)] == ["6984"] * 4
    assert card.mac("K8", UPDATE["0015"]) == "9000"


def test_a_card_that_locks_nothing() -> None:
    card = card_with_files(native_locking_files=[])
    assert [card.mac("K1", UPDATE["0015"]) for _ in range(4)] == ["6988"] * 3 + ["6983"]
    assert card.send("00B0950004")[-4:] == "6281"


def test_the_mf_is_no_application() -> None:
    card = Native()
    assert card.run(MF, MF_KEYS, LINE, "80E0001507A80004F0F0FFFF") == "9000"
    assert [card.mac("K1", UPDATE["0015"]) for _ in range(4)] == ["6988"] * 3 + ["6983"]
    assert card.send("00B0950004")[-4:] == "6281"
