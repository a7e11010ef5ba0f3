"""What a contactless reader answers itself (PC/SC part 3; facts terminal-interface 7.2), the card never seeing it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu import Activation, Atqb, AttribAnswer, Interface, TypeA, TypeB, build_ats
from readers.serve.pseudo_apdus import PseudoApdus, in_reader
from tests.unit.readers.fakes import FakePort

HISTORICAL = bytes.fromhex("0081544C9686843716008F3D97")
PSEUDO_ATR = "3B8D80010081544C9686843716008F3D9705"
TYPE_A = TypeA(bytes.fromhex("04AABBCC"), bytes.fromhex("0008"), 0x20, build_ats(HISTORICAL))
TYPE_B = TypeB(Atqb(bytes.fromhex("50AABBCCDD11223344008171")), AttribAnswer(b"\xa1"))
OK = "C003009000"


class FieldCard(FakePort):
    """Answers every command with itself and 9000."""

    def __init__(self, activation: Activation = TYPE_A) -> None:
        super().__init__(atr=bytes(activation.pseudo_atr))
        self.interface = Interface.CONTACTLESS
        self.activation = activation


class Lab:
    def __init__(self, activation: Activation = TYPE_A) -> None:
        self.card = FieldCard(activation)
        self.reader = PseudoApdus(self.card)

    def __call__(self, command: str) -> str:
        return self.reader.transmit(bytes.fromhex(command)).hex().upper()

    def session(self, objects: str, p2: int = 1) -> str:
        """The answer to FF C2 without the status word, which is 9000."""
        data = bytes.fromhex(objects)
        answer = self(f"FFC200{p2:02X}{len(data):02X}{objects}00")
        assert answer[-4:] == "9000"
        return answer[:-4]


@pytest.fixture
def lab() -> Lab:
    return Lab()


# --- The card's own


def test_what_is_not_of_class_ff_goes_to_the_card(lab: Lab) -> None:
    assert lab("00B0000010") == "00B00000109000"
    assert lab.reader.power_on() == lab.reader.reset() == lab.reader.atr == bytes.fromhex(PSEUDO_ATR)
    lab.reader.power_off()
    assert lab.reader.interface is Interface.CONTACTLESS
    assert lab.card.events == ["00B0000010", "on", "reset", "off"]


@given(st.binary(max_size=300))
def test_class_ff_never_reaches_the_card_and_is_always_answered(rest: bytes) -> None:
    lab = Lab()
    answer = lab.reader.transmit(b"\xff" + rest)
    assert len(answer) >= 2
    assert all(not event.startswith("FF") for event in lab.card.events)


def test_only_a_card_in_a_field_gets_a_contactless_reader(lab: Lab) -> None:
    contact = FakePort()
    assert in_reader(contact) is contact
    assert isinstance(in_reader(lab.card), PseudoApdus)


# --- GET DATA


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("FFCA000000", "04AABBCC9000"),
        ("FFCA000004", "04AABBCC9000"),
        ("FFCA0000", "6C04"),
        ("FFCA000003", "6C04"),
        ("FFCA000005", "04AABBCC6282"),
        ("FFCA0000FF", "04AABBCC6282"),
        ("FFCA010000", "0081544C9686843716008F3D979000"),
        ("FFCA01000D", "0081544C9686843716008F3D979000"),
        ("FFCA01000C", "6C0D"),
        ("FFCA01000E", "0081544C9686843716008F3D976282"),
        ("FFCA0100", "6C0D"),
        ("FFCA020000", "6A81"),
        ("FFCA000100", "6A81"),
        ("FFCA000001AA", "6700"),
        ("FFCA0000000000", "04AABBCC9000"),
    ],
)
def test_serial_number_and_historical_bytes(lab: Lab, command: str, answer: str) -> None:
    assert lab(command) == answer


def test_type_b_gives_pupi_and_answer_to_attrib() -> None:
    lab = Lab(TYPE_B)
    assert lab("FFCA000000") == "AABBCCDD9000"
    assert lab("FFCA010000") == "A19000"


# --- What only storage cards have


@pytest.mark.parametrize(
    ("command", "sw"),
    [
        ("FF82000006FFFFFFFFFFFF", "6A81"),
        ("FF860000050100006000", "6300"),
        ("FF880004600000", "6700"),
        ("FF88000460", "6300"),
        ("FFB0000410", "6A81"),
        ("FFD600041000112233445566778899AABBCCDDEEFF", "6A81"),
        ("FF00000000", "6D00"),
        ("FF", "6700"),
        ("FFCA00", "6700"),
    ],
)
def test_refused(lab: Lab, command: str, sw: str) -> None:
    assert lab(command) == sw
    assert not lab.card.events


# --- The transparent session


def test_a_session(lab: Lab) -> None:
    assert lab.session("8000", 0) == OK + "8003010000"
    assert lab.session("8100", 0) == OK
    assert lab.session("950500B0000010") == OK + "920100" + "96020000" + "970700B00000109000"
    assert lab.session("930500B0000011") == OK
    assert lab.session("9400") == OK + "920100" + "96020000" + "970700B00000119000"
    assert lab.session("9400") == "C003016401"
    assert lab.session("90020000" + "5F4604E8030000" + "950500B0000012") == OK + "92010096020000970700B00000129000"
    assert lab.session("8200", 0) == OK
    assert lab.card.events == ["00B0000010", "00B0000011", "00B0000012"]


def test_several_objects_stop_at_the_first_that_fails(lab: Lab) -> None:
    assert lab.session("81008300850084 00".replace(" ", ""), 0) == "C003036A81"
    assert lab.card.events == ["off"]


@pytest.mark.parametrize(
    ("p2", "objects", "status"),
    [
        (0, "8101AA", "C003016700"),
        (0, "8500", "C003016A81"),
        (0, "5F460100", "C003016700"),
        (1, "90020010", "C003016A80"),
        (1, "9002000F", OK),
        (1, "900100", "C003016700"),
        (1, "910107", "C003016A80"),
        (1, "920100", OK),
        (1, "9500", "C003016700"),
        (1, "9300", "C003016700"),
        (1, "9401AA", "C003016700"),
        (1, "8100", "C003016A81"),
        (2, "8F0100", "C003016700"),
        (2, "8F020005", "C003016A81"),
        (2, "8F020104", "C003016401"),
        (2, "8F020304", "C003016401"),
        (2, "9500", "C003016A81"),
    ],
)
def test_objects_refused(lab: Lab, p2: int, objects: str, status: str) -> None:
    lab.session("8100", 0)
    assert lab.session(objects, p2) == status


def test_malformed_sessions(lab: Lab) -> None:
    assert lab("FFC20003028100") == "6A86"
    assert lab("FFC20100028100") == "6A86"
    assert lab("FFC20000028101") == "6A80"
    assert lab("FFC2000000") == OK + "9000"


@pytest.mark.parametrize(("p2", "objects"), [(0, "8300"), (0, "8400"), (1, "950500B0000010"), (2, "8F020004")])
def test_outside_of_a_session_nothing_is_done(lab: Lab, p2: int, objects: str) -> None:
    assert lab.session(objects, p2) == "C003016301"
    assert not lab.card.events


@pytest.mark.parametrize("event", ["power_on", "power_off", "reset"])
def test_power_and_reset_end_a_session(lab: Lab, event: str) -> None:
    lab.session("81008300", 0)
    getattr(lab.reader, event)()
    assert lab.session("8400", 0) == "C003016301"
    assert lab("00B0000010") == "00B00000109000"


def test_the_field_off_and_on(lab: Lab) -> None:
    assert lab.session("81008300", 0) == OK
    assert lab("00B0000010") == "6401"
    assert lab.session("950500B0000010") == "C003016401"
    assert lab.session("8F020004", 2) == "C003016401"
    assert lab.session("84008400", 0) == OK
    assert lab("00B0000010") == "00B00000109000"
    lab.session("83008200", 0)
    assert lab("00B0000011") == "00B00000119000"
    assert lab.card.events == ["off", "on", "00B0000010", "off", "on", "00B0000011"]


def test_switching_the_protocol(lab: Lab) -> None:
    lab.session("8100", 0)
    assert lab.session("8F020002", 2) == OK
    assert lab.session("8F020003", 2) == OK + "8F0120"
    assert lab.session("8F020004", 2) == OK + "5F5112" + PSEUDO_ATR
    assert lab.card.events == ["reset", "reset", "reset"]
    lab = Lab(TYPE_B)
    lab.session("8100", 0)
    assert lab.session("8F020103", 2) == OK + "8F03008171"
    assert lab.session("8F020004", 2) == "C003016401"
