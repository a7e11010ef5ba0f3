"""VERIFY and CHANGE PIN: tries, blocking, the order of writes, and a store that fails in between."""

from __future__ import annotations

import pytest

from cardsim.zones.access import Pin
from tests.cards import make_image
from tests.unit.chip.bench import SSSE, Bench, bench
from tests.unit.chip.images import (
    CHILD_ONE,
    GRANDCHILD,
    MF,
    ONE,
    TWO,
    VERIFY_ONE,
    card,
    directory,
    file,
    keys,
    pin,
    rules,
)

WRONG = "0020000003999999"
QUERY = "00200000"
PROTECTED = "00B0880010"
CHANGE = "805E010007123456FF654321"


def change(old: str, new: str) -> str:
    data = f"{old}FF{new}"
    return f"805E0100{len(data) // 2:02X}{data}"


def verify(digits: str) -> str:
    return f"00200000{len(digits) // 2:02X}{digits}"


def test_the_right_pin_opens_what_it_protects(tree: Bench) -> None:
    assert tree.run(ONE, PROTECTED) == "6982"
    assert tree.send(VERIFY_ONE) == "9000"
    assert tree.send(PROTECTED)[-4:] == "9000"


def test_the_pin_of_the_sheets(gen2: Bench) -> None:
    """0020000003 and three BCD bytes; also with the Le field that T=1 readers add (facts hrss-card 5)."""
    gen2.run(SSSE)
    assert gen2.t0("0020000003123456") == "9000"
    assert gen2.t0("002000000312345600") == "9000"


def test_tries_count_down_to_blocked_and_only_the_right_pin_restores_them(gen2: Bench) -> None:
    gen2.run(SSSE)
    assert [gen2.send(WRONG) for _ in range(5)] == ["63C5", "63C4", "63C3", "63C2", "63C1"]
    assert gen2.send(VERIFY_ONE) == "9000"
    assert [gen2.send(WRONG) for _ in range(6)] == ["63C5", "63C4", "63C3", "63C2", "63C1", "63C0"]
    assert [gen2.send(command) for command in (WRONG, VERIFY_ONE, QUERY, CHANGE)] == ["6983"] * 4


@pytest.mark.parametrize("limit", [1, 3, 15])
def test_the_limit_is_the_profiles(limit: int) -> None:
    card = Bench(make_image(settings={"pin_limit": limit}).memory)
    card.run(SSSE)
    assert card.send(QUERY) == f"63C{limit:X}"
    assert [card.send(WRONG) for _ in range(limit)] == [f"63C{left:X}" for left in range(limit - 1, -1, -1)]
    assert card.send(VERIFY_ONE) == "6983"


def test_counters_and_blocking_survive_power(gen2: Bench) -> None:
    gen2.run(SSSE)
    for left in range(5, -1, -1):
        assert gen2.send(WRONG) == f"63C{left}"
        gen2.port.power_off()
        gen2.port.power_on()
        gen2.run(SSSE)
    assert gen2.send(VERIFY_ONE) == "6983"


def test_the_query_charges_nothing(gen2: Bench) -> None:
    gen2.run(SSSE)
    assert [gen2.send(command) for command in (QUERY, QUERY + "00", WRONG, QUERY, VERIFY_ONE, QUERY)] == [
        "63C6",
        "63C6",
        "63C5",
        "63C5",
        "9000",
        "9000",
    ]
    assert gen2.send(WRONG) == "63C5"
    assert gen2.send(QUERY) == "9000"


def test_a_wrong_pin_leaves_an_earlier_right_one_standing(tree: Bench) -> None:
    """Facts native-card-os 3: failure never changes state."""
    assert tree.run(ONE, VERIFY_ONE, WRONG) == "63C5"
    assert tree.send(PROTECTED)[-4:] == "9000"


def test_a_wrong_pin_takes_it_back_where_the_profile_says_so() -> None:
    card = bench("tree", failed_verify_revokes=True)
    assert card.run(ONE, VERIFY_ONE, WRONG) == "63C5"
    assert card.send(PROTECTED) == "6982"
    assert card.run(VERIFY_ONE, "805E010007999999FF654321") == "63C5"
    assert card.send(PROTECTED) == "6982"


@pytest.mark.parametrize("digits", ["123456", "123456FF", "123456FFFF", "123456FFFFFF"])
def test_trailing_ff_of_the_stored_pin_may_be_left_out(tree: Bench, digits: str) -> None:
    """Facts native-card-os 4."""
    assert tree.run(ONE, verify(digits)) == "9000"


def test_pins_of_two_to_six_bytes_and_an_odd_count(tree: Bench) -> None:
    tree.run(ONE)
    for old, new in [("123456", "1234"), ("1234", "12345F"), ("12345F", "123456789012")]:
        assert tree.send(change(old, new)) == "9000"
        assert tree.send(verify(old)) == "63C5"
        assert tree.send(verify(new)) == "9000"


def test_a_global_pin_is_the_nearest_one_above(tree: Bench) -> None:
    """VERIFY P2=00 works in the DFs of the application (facts hrss-card 5), and each application has its own."""
    assert tree.run(ONE, CHILD_ONE, GRANDCHILD, VERIFY_ONE) == "9000"
    assert tree.run("00A40300", "00A40300", PROTECTED)[-4:] == "9000"
    assert tree.run(TWO, VERIFY_ONE) == "63C5"
    assert tree.send("0020000003888888") == "9000"
    assert tree.run(MF, VERIFY_ONE) == "6A88"


def test_a_local_pin_is_the_current_directorys_only(tree: Bench) -> None:
    """Bit 8 of P2 (ISO/IEC 7816-4, 11.6.1; facts hrss-card 4.1)."""
    assert tree.run(ONE, CHILD_ONE, "00200081024321") == "9000"
    assert tree.run(GRANDCHILD, "00200081024321") == "6A88"
    assert tree.run(ONE, "00200081024321") == "6A88"


# --- CHANGE PIN ---


def test_change_pin(tree: Bench) -> None:
    """80 5E 01 00 07 old FF new (facts hrss-card 5); needs no VERIFY, and is none."""
    assert tree.run(ONE, CHANGE) == "9000"
    assert tree.send(PROTECTED) == "6982"
    assert tree.send(VERIFY_ONE) == "63C5"
    assert tree.send(verify("654321")) == "9000"
    tree.port.reset()
    assert tree.run(ONE, verify("654321")) == "9000"


def test_change_pin_restores_the_tries_and_a_wrong_old_pin_costs_one(tree: Bench) -> None:
    assert tree.run(ONE, change("999999", "654321")) == "63C5"
    assert tree.send(WRONG) == "63C4"
    assert tree.send(CHANGE) == "9000"
    assert tree.send(QUERY) == "63C6"


def test_a_new_pin_never_leaves_its_record() -> None:
    """A key record may keep fewer bytes than the longest PIN; the next record must not be written over."""
    small = Bench(card(directory(0xA001, b"SMALL PINS", keys(pin(0x00, "1234", size=3), pin(0x01, "5678")))))
    small.run("00A4000002A001")
    before = bytes(small.memory.view)
    assert small.send(change("1234", "12345678")) == "6700"
    assert bytes(small.memory.view) == before
    assert small.send(change("1234", "123456")) == "9000"
    assert small.send("00200001025678") == "9000"


def test_the_pins_of_a_directory_are_told_apart() -> None:
    conditions = rules(Pin("00"), Pin("01"))
    app = directory(
        0xA001,
        b"TWO PINS",
        keys(pin(0x00, "1111"), pin(0x01, "2222", limit=2)),
        conditions,
        file(0xEF01, b"\x01", right=1),
        file(0xEF02, b"\x02", right=2),
    )
    two = Bench(card(app))
    assert two.run("00A4000002A001", "00200001021111") == "63C1"
    assert two.run("00200001022222", "00B0820001") == "029000"
    assert two.send("00B0810001") == "6982"
    assert two.send(QUERY) == "63C6"
    assert two.run("00200000021111", "00B0810001") == "019000"


# --- what reaches the store, and when ---


def test_a_try_is_committed_before_the_comparison(tree: Bench) -> None:
    """Facts native-card-os 15.7."""
    tree.run(ONE, WRONG)
    assert [[data for _, data in commit] for commit in tree.journal.commits] == [[b"\x65"]]
    tree.send(VERIFY_ONE)
    assert [[data for _, data in commit] for commit in tree.journal.commits[1:]] == [[b"\x64"], [b"\x66"]]


def test_change_pin_is_one_commit_behind_the_charge(tree: Bench) -> None:
    tree.run(ONE, CHANGE)
    charge, changed = tree.journal.commits
    assert [data for _, data in charge] == [b"\x65"]
    assert [data for _, data in changed] == [b"\x66", bytes.fromhex("654321FFFFFFFFFF")]


def test_the_query_and_a_blocked_pin_write_nothing(tree: Bench) -> None:
    tree.run(ONE, QUERY)
    assert tree.journal.commits == []
    for _ in range(6):
        tree.send(WRONG)
    tree.journal.commits.clear()
    for command in (QUERY, WRONG, VERIFY_ONE, CHANGE):
        assert tree.send(command) == "6983"
    assert tree.journal.commits == []


@pytest.mark.parametrize("command", [VERIFY_ONE, WRONG, CHANGE])
def test_no_comparison_without_a_charge(tree: Bench, command: str) -> None:
    """A full disk must not give free tries."""
    tree.run(ONE)
    before = tree.state
    tree.journal.fail_after = 0
    assert tree.send(command) == "6581"
    assert tree.state == before
    assert tree.send(QUERY) == "63C6"


@pytest.mark.parametrize("command", [VERIFY_ONE, CHANGE])
def test_a_store_that_fails_behind_the_charge_grants_nothing(tree: Bench, command: str) -> None:
    tree.run(ONE)
    before = tree.state
    tree.journal.fail_after = 1
    assert tree.send(command) == "6581"
    (((counter, charged),),) = tree.journal.commits
    assert charged == tree.memory.read(counter, 1) == b"\x65"
    assert tree.state._replace(memory=b"") == before._replace(memory=b"")
    assert tree.send(PROTECTED) == "6982"
    assert tree.send(QUERY) == "63C5"
    assert tree.send(VERIFY_ONE) == "9000"
    assert tree.memory.read(counter, 1) == b"\x66"
