"""UPDATE RECORD, APPEND RECORD and UPDATE BINARY: what is written, where, in how many commits, and what comes back."""

from __future__ import annotations

import pytest

from tests.unit.chip.bench import Bench
from tests.unit.chip.fault import AT_WORK
from tests.unit.chip.images import ONE, VERIFY_ONE

VERIFIED = (ONE, VERIFY_ONE)


@pytest.mark.parametrize("command", ["00DC012C042202BBBB", "00DC2228042202BBBB"])
def test_update_record_by_number_and_tag(tree: Bench, command: str) -> None:
    """Facts hrss-card 3: 00DC rec 04 / 00DC tag (SFI<<3), tag and length included."""
    tree.run(*VERIFIED)
    commits = len(tree.journal.commits)
    assert tree.send(command) == "9000"
    assert tree.send("00B2010500") == "2202BBBB0301BB2203CCCCCC21009000"
    assert tree.here == "A001/EF05"
    assert len(tree.journal.commits) == commits + 1


def test_update_record_of_the_current_file_and_of_a_repeated_tag(tree: Bench) -> None:
    tree.run(*AT_WORK, "00DC0304052203DDDDDD", "00DC2200042202EEEE")
    assert tree.send("00B2010500") == "2202EEEE0301BB2203DDDDDD21009000"


def test_append_record_until_the_file_is_full(tree: Bench) -> None:
    tree.run(*VERIFIED, "00E2005C020200")
    tree.run("00E20004020300")
    assert tree.send("00B2010500") == "0101AA020003009000"
    assert tree.send("00E20004020400") == "6A84"
    assert tree.run("00B2030000") == "03009000"


@pytest.mark.parametrize("command", ["00DC006302{}", "00DC016402{}", "00E2006002{}", "00E2006402{}"])
def test_a_cyclic_file_keeps_the_newest(tree: Bench, command: str) -> None:
    """Record 1 is the newest; 00DC 00 03 and 00DC 01 04 both write one (facts hrss-card 2, 3)."""
    tree.run(*VERIFIED)
    assert tree.send("00B2016500") == "A3A3A2A2A1A19000"
    for written, answer in [("B1B1", "B1B1A3A3A2A2"), ("B2B2", "B2B2B1B1A3A3"), ("B3B3", "B3B3B2B2B1B1")]:
        assert tree.send(command.format(written)) == "9000"
        assert tree.send("00B2016500") == answer + "9000"
    assert tree.send("00B2036400") == "B1B19000"
    assert tree.send("00B2046400") == "6A83"


def test_a_cyclic_file_goes_round_for_ever_and_survives_power(tree: Bench) -> None:
    tree.run(*VERIFIED)
    for number in range(600):
        assert tree.send(f"00DC006302{number:04X}") == "9000"
    assert tree.send("00B2016500") == "0257025602559000"
    assert Bench(bytes(tree.memory.view)).run(ONE, "00B2016500") == "0257025602559000"


def test_update_binary(tree: Bench) -> None:
    tree.run(*VERIFIED, "00D6880102AABB", "00D6001E02CCDD")
    assert tree.send("00B0000004") == "00AABB019000"
    assert tree.send("00B0001E02") == "CCDD9000"
    assert tree.here == "A001/EF08"


def test_free_and_refused_writes(tree: Bench) -> None:
    assert tree.run("00A4000002A002", "00D68B000411223344", "00B08B0000") == "112233449000"
    tree.run(ONE)
    for command in ("00D6880001AA", "00DC012C042202BBBB", "00E2005C020200", "00DC006302BBBB"):
        assert tree.send(command) == "6982"


@pytest.mark.parametrize(
    "command", ["00DC0104042202BBBB", "00E2005C020200", "00DC006302BBBB", "00D6880002AABB", "00E2006402BBBB"]
)
def test_a_failing_store_leaves_the_old_contents(tree: Bench, command: str) -> None:
    tree.run(*AT_WORK)
    before = bytes(tree.memory.view)
    contents = [tree.send(read) for read in ("00B2012D00", "00B2015D00", "00B2016500")]
    tree.journal.fail_after = 0
    assert tree.send(command if not command.startswith("00DC0104") else "00DC012C042202BBBB") == "6581"
    assert bytes(tree.memory.view) == before
    assert [tree.send(read) for read in ("00B2012D00", "00B2015D00", "00B2016500")] == contents
    assert tree.run("00DC006302BBBB", "00B2016400") == "BBBB9000"


# --- secure messaging; challenge 11 x 8, MACs and cryptograms by the openssl command ---


def test_a_protected_write(tree: Bench) -> None:
    tree.run(*AT_WORK)
    assert tree.send("04D68D0006AABBCE163FF4") == "9000"
    assert tree.send("00B08D0004") == "AABB00019000"
    assert tree.send("04D68D0006AABBCE163FF4") == "6984"


def test_a_protected_and_enciphered_write(tree: Bench) -> None:
    tree.run(*AT_WORK)
    assert tree.send("04D690000C967D0364C220B1B0611488D3") == "9000"
    assert tree.send("00B0900004") == "AABB00019000"


def test_a_protected_write_to_a_file_that_takes_it_in_clear(tree: Bench) -> None:
    assert tree.run(*AT_WORK, "04DC0104082202BBBB9F76464E") == "9000"
    assert tree.send("00B2010400") == "2202BBBB9000"


def test_protected_reads_end_in_a_mac_and_a_cipher_file_is_sealed(tree: Bench) -> None:
    assert tree.run(*AT_WORK, "04B2010404C34D6A9F00") == "2202AAAAB05B74AF9000"
    tree.port.reset()
    tree.drawn.clear()
    assert tree.run(*AT_WORK, "04B090000463934C4C00") == "CAAF598509CF6671330972139D194094B3D68B5E9000"


def test_a_right_mac_costs_no_try_whatever_else_is_wrong(tree: Bench) -> None:
    """Only wrong MACs count (facts native-card-os 4): four well-signed commands of the wrong length, limit three."""
    tree.run(*AT_WORK[:-1])
    for mac in ("869C918C", "91577D4D", "D67B9E7C", "EE78642C"):
        assert tree.send("0084000008")[-4:] == "9000"
        assert tree.send("04DC0104072201BB" + mac) == "6700"
    tree.drawn.clear()
    assert tree.run("0084000008", "04DC0104082202BBBB9F76464E") == "9000"


def test_three_wrong_macs_block_the_key(tree: Bench) -> None:
    tree.run(*AT_WORK[:-1])
    for _ in range(3):
        assert tree.run("0084000008", "04D68D0006AABBFFFFFFFF") == "6988"
    tree.drawn.clear()
    assert tree.run("0084000008", "04D68D0006AABBCE163FF4") == "6983"
