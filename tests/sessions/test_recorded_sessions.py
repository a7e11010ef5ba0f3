"""The recorded sessions G1 to G4 and G6 of facts hrss-card 9, byte for byte.

What the sheet masks (<...>) is filled with invented values here.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cardsim.chip.card import Card
from cardsim.chip.layout import MF_FID, REST_OF_MEMORY, RIGHT_FREE, FileType, Header
from cardsim.chip.memory import Memory, NoJournal
from cardsim.chip.t0 import T0Port
from cardsim.profiles import GEN2, GEN3
from cardsim.zones.layouts import Layout
from readers.connect.inprocess import connect_inprocess
from readers.connect.layers import with_layers
from tests.cards import counting_entropy, insert, make_image

if TYPE_CHECKING:
    from apdu import CardPort
    from cardsim.perso import CardImage

_BLANKS = {path.stem: path for path in (Path(__file__).parents[2] / "examples" / "profiles").glob("blank-*.toml")}
_SSSE = "00A404000F7378312E73682EC9E7BBE1B1A3D5CF"


def _play(port: CardPort, rows: list[tuple[str, str]], *, fetch_response: bool, repeat_with_le: bool) -> None:
    bare = connect_inprocess(port, "test")
    connection = with_layers(bare, fetch_response=fetch_response, repeat_with_le=repeat_with_le)
    for command, response in rows:
        answer = connection.transmit(bytes.fromhex(command)).hex().upper()
        assert answer == response.replace(" ", ""), command


def test_g1_layout_1_00_contact_t0() -> None:
    """G1: the reader repeats after 6Cxx and leaves 61xx to the host."""
    image = make_image(
        {
            "card_identification": "330100D1560000050114F199D286DF7E",
            "card_number": "A00000011",
            "social_security_number": "639900199003070035",
            "name": "测试用户",
            "sex": "1",
        },
        layout=Layout.V1_00,
        settings={"historical_bytes": "00810088438665330101 14F199", "an_padding": 0x20},
    )
    port = insert(image)
    assert port.power_on().hex().upper() == "3B6D00000081008843866533010114F199"
    number = b"639900199003070035".hex()
    rows = [
        (_SSSE, "6118"),
        ("00C0000018", "6F16840F7378312E73682EC9E7BBE1B1A3D5CFA50388010B 9000"),
        ("00B2012812", "0110330100D1560000050114F199D286DF7E 9000"),
        ("00B2032806", "0304312E3030 9000"),
        ("00A4000002EF05", "9000"),
        ("00B207280E", "0709 413030303030303131 9000"),
        ("00A4000002EF06", "9000"),
        ("00B2083014", f"0812 {number} 9000"),
        ("00B2093020", "091E B2E2CAD4D3C3BBA7" + "20" * 22 + "9000"),
        ("00B20A3003", "0A0131 9000"),
    ]
    _play(port, rows, fetch_response=False, repeat_with_le=True)


def test_g2_layout_2_00_raw_elements() -> None:
    """G2: a reader that hides T=0; a test card whose dates are ASCII text, hence raw elements."""
    image = make_image(
        {
            "hrss_pin": "666666",
            "elements": {
                "EF05": {
                    "01": "430299D156000005000000133A05F2E3",
                    "02": "33",
                    "03": "322E3000",
                    "04": "9156000002430200430100D5",
                    "05": "32303132",
                    "06": "32303232",
                    "07": "423030303030313331",
                }
            },
        },
        raw_elements=True,
    )
    rows = [
        (_SSSE, "6F16840F7378312E73682EC9E7BBE1B1A3D5CFA50388011E 9000"),
        ("0020000003666666", "9000"),
        (_SSSE, "6F16840F7378312E73682EC9E7BBE1B1A3D5CFA50388011E 9000"),
        ("00A4000002EF05", "9000"),
        (
            "00B20105FF",
            (
                "0110430299D156000005000000133A05F2E3 020133 0304322E3000 040C9156000002430200430100D5 050432303132"
                "060432303232 0709423030303030313331 9000"
            ),
        ),
    ]
    _play(insert(image), rows, fetch_response=True, repeat_with_le=True)


def test_g3_old_city_card() -> None:
    """G3: an MF without DIR and a transparent file 0003 in it, declared here."""
    number = b"100000000000001     "
    file = Header(0x0003, FileType.TRANSPARENT, len(number), RIGHT_FREE).encode() + number
    name = b"1PAY.SYS.DDF01"
    mf = Header(MF_FID, FileType.DIRECTORY, REST_OF_MEMORY, name_size=len(name)).encode() + name + file
    card = Card(Memory(mf.ljust(2048, b"\x00"), NoJournal()), GEN2, counting_entropy, strict=True)
    rows = [
        ("00A40000023F00", "6F10840E315041592E5359532E4444463031 9000"),
        ("00A40000020003", "9000"),
        ("00B0000014", number.hex().upper() + "9000"),
    ]
    _play(T0Port(card, GEN2), rows, fetch_response=True, repeat_with_le=True)


def _blank(name: str) -> CardImage:
    """A card as `cardsim new --chip gen3` makes it with one of the chip profiles for blanks."""
    return make_image(layout=Layout.V3_00, settings=tomllib.loads(_BLANKS[name].read_text("utf-8")), chip=GEN3)


def test_g4_a_card_before_personalisation() -> None:
    """G4: 3.00; the check bytes of its code are FFFFFFFF."""
    rows = [
        (_SSSE, "6F1C840F7378312E73682EC9E7BBE1B1A3D5CF A50988011E9F0C03860103 9000"),
        ("00A4000002EF05", "9000"),
        ("00B2010400", "0110330300D15600000599110145FFFFFFFF 9000"),
        ("00B2030400", "0304332E3030 9000"),
    ]
    port = insert(_blank("blank-3.00-ff"))
    assert port.power_on().hex().upper() == "3B6D0000" + "00814842468653330399110143"
    _play(port, rows, fetch_response=True, repeat_with_le=True)


@pytest.mark.parametrize(("name", "answer"), [("ff", "6A82"), ("00", "6A82"), ("6d00", "6D00")])
def test_g6_blanks_without_a_bank_application(name: str, answer: str) -> None:
    """G6: 6D00 from one maker's, 6A82 from two others'."""
    port = insert(_blank(f"blank-3.00-{name}"))
    rows = [("00A4040008A000000333010101", answer), ("00A4040207A0000003330101", answer), ("00A40000020003", "6A82")]
    _play(port, rows, fetch_response=True, repeat_with_le=True)


# Facts hrss-card 7: historical bytes, card identification code; and what empty numbers are filled with.
_BLANK_ROWS = {
    "blank-3.00-ff": ("00814842468653330399110143", "330300D15600000599110145FFFFFFFF", "FF"),
    "blank-3.00-00": ("0081544C9686843308070769BE", "330800D156000005070769BE00000000", "00"),
    "blank-3.00-6d00": ("00814842468653330399110143", "330300D15600000599110145FFFFFFFF", "FF"),
    "blank-3.00-kiosk-4116": ("008C544CB386844116018593CA", "411600D156000005C38275EEFC9B9648", "FF"),
    "blank-3.00-kiosk-3716": ("0081544C9686843716008F3D97", "371600D156000005004B9CF763FBBE5C", "FF"),
}


@pytest.mark.parametrize("name", sorted(_BLANKS))
def test_blanks(name: str) -> None:
    """Each chip profile for a blank: code and version, nothing else."""
    historical, code, fill = _BLANK_ROWS[name]
    rows = [
        (_SSSE, "6F1C840F7378312E73682EC9E7BBE1B1A3D5CF A50988011E9F0C03860103 9000"),
        ("00B2012C00", f"0110 {code} 9000"),
        ("00B2022C00", "0201 00 9000"),
        ("00B2032C00", "0304 332E3030 9000"),
        ("00B2042C00", f"040C {'00' * 12} 9000"),
        ("00B2052C00", f"0504 {fill * 4} 9000"),
        ("00B2062C00", f"0604 {fill * 4} 9000"),
        ("00B2072C00", "6982"),
        ("00B2013400", "6982"),
    ]
    port = insert(_blank(name))
    assert port.power_on().hex().upper() == "3B6D0000" + historical
    _play(port, rows, fetch_response=True, repeat_with_le=True)


def test_every_blank_of_the_sheet_has_a_chip_profile() -> None:
    assert set(_BLANKS) == set(_BLANK_ROWS)


@pytest.mark.parametrize(("command", "response"), [("00B2010400", "6986"), ("00B2010500", "6986")])
def test_reading_before_anything_is_selected(command: str, response: str) -> None:
    _play(insert(make_image()), [(command, response)], fetch_response=True, repeat_with_le=True)
