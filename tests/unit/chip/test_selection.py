"""SELECT: every form, what becomes current, what is answered, and what happens to the security state."""

from __future__ import annotations

import pytest

from cardsim.zones.layouts import Layout
from tests.unit.chip.bench import SSSE, Bench, bench
from tests.unit.chip.images import CHILD_ONE, GRANDCHILD, MF, ONE, TWO, VERIFY_CHILD, VERIFY_ONE

FCI_MF = "6F10840E315041592E5359532E4444463031"  # facts hrss-card 9, G3
FCI_ONE = "6F16840F4150504C49434154494F4E204F4E45A50388011E"
FCI_TWO = "6F11840F4150504C49434154494F4E2054574F"
FCI_CHILD_ONE = "6F0B84094348494C44204F4E45"
FCI_CHILD_TWO = "6F0B84094348494C442054574F"
FCI_GRANDCHILD = "6F0C840A4752414E444348494C44"
PIN_FILE = "00B0880010"  # of the current directory; PIN 00 in APPLICATION ONE, PIN 81 in CHILD ONE


@pytest.mark.parametrize(
    ("before", "command", "answer", "here"),
    [
        # P1=00, by FID from anywhere within reach
        ((), "00A40000", FCI_MF, "3F00"),
        ((ONE, CHILD_ONE), "00A4000000", FCI_MF, "3F00"),
        ((ONE, CHILD_ONE), MF, FCI_MF, "3F00"),
        ((), "00A4000002A001", FCI_ONE, "A001"),
        ((), "00A40000020003", "", "3F00/0003"),
        ((ONE,), "00A4000002EF05", "", "A001/EF05"),
        ((ONE,), "00A4000002DF01", FCI_CHILD_ONE, "DF01"),
        ((ONE,), "00A4000002A001", FCI_ONE, "A001"),
        ((ONE,), "00A4000002A002", FCI_TWO, "A002"),
        ((ONE, CHILD_ONE), "00A4000002A001", FCI_ONE, "A001"),
        ((ONE, CHILD_ONE), "00A4000002DF02", FCI_CHILD_TWO, "DF02"),
        ((ONE, CHILD_ONE), "00A4000002EF05", "", "DF01/EF05"),
        ((ONE, CHILD_ONE, GRANDCHILD), "00A4000002DF01", FCI_CHILD_ONE, "DF01"),
        # P1=01 child DF, 02 EF here, 03 parent
        ((), "00A4010002A002", FCI_TWO, "A002"),
        ((ONE, CHILD_ONE), GRANDCHILD, FCI_GRANDCHILD, "D101"),
        ((ONE,), "00A4020002EF1E", "", "A001/EF1E"),
        ((ONE, "00A4000002EF05"), "00A4020002EF06", "", "A001/EF06"),
        ((ONE, CHILD_ONE, GRANDCHILD), "00A40300", FCI_CHILD_ONE, "DF01"),
        ((ONE, CHILD_ONE), "00A4030000", FCI_ONE, "A001"),
        ((ONE,), "00A40300", FCI_MF, "3F00"),
        # P1=04, by name from anywhere
        ((), ONE, FCI_ONE, "A001"),
        ((ONE, CHILD_ONE), TWO, FCI_TWO, "A002"),
        ((TWO,), "00A40400094348494C442054574F", FCI_CHILD_TWO, "DF02"),
        ((ONE,), "00A404000E315041592E5359532E4444463031", FCI_MF, "3F00"),
        ((), ONE + "00", FCI_ONE, "A001"),
        # P1=08 path from the MF, 09 path from here
        ((TWO,), "00A4080002A001", FCI_ONE, "A001"),
        ((TWO,), "00A4080004A001DF02", FCI_CHILD_TWO, "DF02"),
        ((TWO,), "00A4080006A001DF01EF08", "", "DF01/EF08"),
        ((TWO,), "00A4080008A001DF01D101EF05", "", "D101/EF05"),
        ((ONE,), "00A4090004DF01D101", FCI_GRANDCHILD, "D101"),
        ((ONE,), "00A4090002EF07", "", "A001/EF07"),
        # P2=0C, no FCI
        ((), ONE[:6] + "0C" + ONE[8:], "", "A001"),
        ((ONE,), "00A4000C023F00", "", "3F00"),
        ((ONE,), "00A4010C02DF01", "", "DF01"),
        ((ONE,), "00A4020C02EF05", "", "A001/EF05"),
        ((ONE,), "00A4030C", "", "3F00"),
        ((), "00A4080C04A001DF01", "", "DF01"),
    ],
)
def test_forms(tree: Bench, before: tuple[str, ...], command: str, answer: str, here: str) -> None:
    """Facts hrss-card 3 and native-card-os 4; ISO/IEC 7816-4, 11.1.1."""
    assert tree.run(*before, command) == answer + "9000"
    assert tree.here == here


def test_after_a_reset_the_mf_is_selected_by_itself(tree: Bench) -> None:
    assert tree.here == "3F00"
    tree.run(ONE, "00A4000002EF05")
    tree.port.reset()
    assert tree.here == "3F00"


@pytest.mark.parametrize(
    ("layout", "fci"),
    [
        (Layout.V1_00, "6F16840F7378312E73682EC9E7BBE1B1A3D5CFA50388010B"),
        (Layout.V2_00, "6F16840F7378312E73682EC9E7BBE1B1A3D5CFA50388011E"),
    ],
)
@pytest.mark.parametrize("command", [SSSE, "00A4000002DDF1", "00A4010002DDF1", "00A4080002DDF1"])
def test_the_hrss_application_by_name_fid_and_path(layout: Layout, fci: str, command: str) -> None:
    """Facts hrss-card 1, 9 G1 and G2."""
    assert bench("gen2", layout).send(command) == fci + "9000"


@pytest.mark.parametrize(
    ("command", "answer"),
    [("00A4000002EF05", "9000"), ("00A4020002EF06", "9000"), (MF, "6112"), (SSSE, "6118"), (SSSE + "00", "6118")],
)
def test_at_the_t0_port(gen2: Bench, command: str, answer: str) -> None:
    """An EF answers 9000 and no data: real logs, three times (facts hrss-card 3)."""
    gen2.run(SSSE)
    assert gen2.t0(command) == answer


def test_a_child_is_preferred_to_the_directory_itself_parent_and_siblings(tree: Bench) -> None:
    """ISO/IEC 7816-4, 7.1.1 searches children first; EF05 exists in every directory of the tree."""
    tree.run(ONE, CHILD_ONE, "00A4000002EF05")
    assert tree.send("00B2010400") == "0101C19000"
    assert tree.run("00A4000002DF02", "00A4000002EF05", "00B2010400") == "0101C29000"


def test_cards_that_want_3f00_before_a_name() -> None:
    """Facts hrss-card 3, the Hengbao remark."""
    card = bench("gen2", mf_select_first=True)
    assert card.send(SSSE) == "6A82"
    assert card.run(MF, SSSE)[-4:] == "9000"
    assert card.run(SSSE)[-4:] == "9000"
    card.port.reset()
    assert card.send(SSSE) == "6A82"
    assert card.run("00A40000", SSSE)[-4:] == "9000"


# --- what SELECT does to PINs ---


@pytest.mark.parametrize(
    "moves",
    [
        (),
        (ONE,),
        (ONE, ONE),
        ("00A4000002EF05",),
        (CHILD_ONE, ONE),
        (CHILD_ONE, GRANDCHILD, ONE),
        (CHILD_ONE, "00A4000002DF02", "00A40300"),
        ("00A4080004A001EF05",),
    ],
)
def test_a_pin_lives_while_its_directory_is_current_or_above(tree: Bench, moves: tuple[str, ...]) -> None:
    """VERIFY, then SELECT by name again and read: clients do so (facts hrss-card 9 G2, terminal-interface 2.3)."""
    assert tree.run(ONE, VERIFY_ONE, *moves, PIN_FILE)[-4:] == "9000"


@pytest.mark.parametrize("move", [MF, TWO, "00A40300", "00A4000002A002", "00A4080002A002"])
def test_a_pin_is_forgotten_when_its_directory_is_left(tree: Bench, move: str) -> None:
    assert tree.run(ONE, VERIFY_ONE, move, ONE, PIN_FILE) == "6982"


def test_a_refused_select_forgets_nothing(tree: Bench) -> None:
    tree.run(ONE, VERIFY_ONE)
    for command in ("00A4000002EF55", "00A40400021234", "00A4010002A002", "00A4080004A001EF55"):
        assert tree.send(command) == "6A82"
    assert tree.send(PIN_FILE)[-4:] == "9000"


def test_pins_of_a_child_end_with_the_child_and_leave_the_parents_alone(tree: Bench) -> None:
    both, child = "00B0890010", PIN_FILE
    assert tree.run(ONE, VERIFY_ONE, CHILD_ONE, VERIFY_CHILD, both)[-4:] == "9000"
    assert tree.run(GRANDCHILD, "00A40300", child)[-4:] == "9000"
    assert tree.run("00A4000002DF02", "00A4000002DF01", child) == "6982"
    assert tree.run(VERIFY_CHILD, both)[-4:] == "9000"


@pytest.mark.parametrize(
    ("selection", "answer"),
    [(ONE, "6982"), ("00A4000002A001", "6982"), ("00A4080002A001", "6982"), ("00A4000002EF05", "9000")],
)
def test_reselection_drops_the_pin_where_the_profile_says_so(selection: str, answer: str) -> None:
    card = bench("tree", state_survives_reselect=False)
    assert card.run(ONE, VERIFY_ONE, selection, PIN_FILE)[-4:] == answer


def test_reselecting_a_child_keeps_the_parents_pin_even_then() -> None:
    card = bench("tree", state_survives_reselect=False)
    reselect = "00A4000002DF01"
    assert card.run(ONE, VERIFY_ONE, CHILD_ONE, VERIFY_CHILD, reselect, PIN_FILE) == "6982"
    assert card.run(VERIFY_CHILD, "00B0890010")[-4:] == "9000"


def test_selection_drops_what_is_staged(tree: Bench) -> None:
    tree.run(ONE, "00A4000002EF05")
    tree.card.context.work = object()
    tree.memory.stage(0, b"\x00")
    assert tree.send("00A4000002EF06") == "9000"
    tree.memory.write_staged()
    assert tree.memory.dirty
    tree.memory.undo()
    tree.run(ONE)
    tree.memory.write_staged()
    assert not tree.memory.dirty
