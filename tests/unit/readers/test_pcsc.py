from __future__ import annotations

import sys
from types import ModuleType

import pytest

from readers.connect.layers import with_layers
from readers.connect.pcsc import (
    CardProtocol,
    PcscConnection,
    ReaderInfo,
    choose_reader,
    connect,
    list_readers,
    wait_for_card,
)
from readers.errors import (
    CardRemovedError,
    ClosedError,
    MissingLibraryError,
    NoCardError,
    NoReaderError,
    NoServiceError,
    PcscError,
    ReaderBusyError,
    ReaderError,
)
from tests.unit.readers.fake_scard import CARD, EMPTY, FakeScard
from tests.unit.readers.fakes import ATR, ticks

SELECT = bytes.fromhex("00A40000023F00")


@pytest.fixture
def scard(monkeypatch: pytest.MonkeyPatch) -> FakeScard:
    fake = FakeScard(Lab_0_00_00=CARD, Lab_0_00_01=EMPTY, Omnikey_5022=EMPTY)
    monkeypatch.setitem(sys.modules, "smartcard", ModuleType("smartcard"))
    monkeypatch.setitem(sys.modules, "smartcard.scard", fake)
    return fake


# --- listing and choosing ---


def test_readers_are_listed_in_order_with_their_state(scard: FakeScard) -> None:
    scard.readers["Omnikey 5022"] = (0x1A2, b"\x3b\x00")
    scard.readers["Broken"] = (0x222, b"")
    assert list_readers() == (
        ReaderInfo(1, "Lab 0 00 00", card_present=True, atr=ATR),
        ReaderInfo(2, "Lab 0 00 01", card_present=False),
        ReaderInfo(3, "Omnikey 5022", card_present=True, atr=b"\x3b\x00", in_use=True, exclusive=True),
        ReaderInfo(4, "Broken", card_present=True, mute=True),
    )
    assert scard.open == {"contexts": 0, "cards": 0}


def test_no_readers_are_an_empty_list(scard: FakeScard) -> None:
    scard.readers.clear()
    assert list_readers() == ()


def infos(cards: str) -> list[ReaderInfo]:
    """Three readers; ``x`` in ``cards`` puts a card in."""
    names = ("Lab 0 00 00", "Lab 10 00 01", "Omnikey")
    return [ReaderInfo(i, name, card == "x") for i, (name, card) in enumerate(zip(names, cards, strict=True), 1)]


@pytest.mark.parametrize(
    ("cards", "wanted", "number"),
    [
        ("-x-", None, 2),
        ("xxx", 3, 3),
        ("xxx", "3", 3),
        ("xxx", " omni ", 3),
        ("xxx", "LAB 0 00 00", 1),
        ("xxx", "00 01", 2),
        ("xxx", "10", 2),
        ("-x-", "lab", 2),
        ("x-x", "lab", 1),
        ("-x-", "", 2),
    ],
)
def test_a_reader_is_chosen_as_it_is_meant(cards: str, wanted: str | int | None, number: int) -> None:
    assert choose_reader(infos(cards), wanted).number == number


def test_the_whole_name_wins_over_a_part_of_another() -> None:
    readers = [ReaderInfo(1, "Lab 00 01", card_present=True), ReaderInfo(2, "Lab 00", card_present=True)]
    assert choose_reader(readers, "lab 00").number == 2


@pytest.mark.parametrize(
    ("cards", "wanted", "error", "says"),
    [
        ("xx-", None, NoReaderError, r"say which.*1 Lab 0 00 00 \(card\); 2 Lab 10 00 01 \(card\)$"),
        ("xx-", "lab", NoReaderError, "say which"),
        ("xxx", "acs", NoReaderError, "no reader is called 'acs'; there are: 1 Lab 0 00 00"),
        ("xxx", 4, NoReaderError, "no reader is called 4"),
        ("xxx", 0, NoReaderError, "no reader is called 0"),
        ("xxx", -1, NoReaderError, "no reader is called -1"),
        ("---", None, NoCardError, r"no card in: 1 Lab 0 00 00 \(empty\); 2.*; 3"),
        ("xx-", "omni", NoCardError, r"no card in: 3 Omnikey \(empty\)$"),
    ],
)
def test_a_choice_that_can_not_be_made_lists_the_readers(
    cards: str, wanted: str | int | None, error: type[ReaderError], says: str
) -> None:
    with pytest.raises(error, match=says):
        choose_reader(infos(cards), wanted)


def test_no_reader_at_all_says_what_to_do() -> None:
    with pytest.raises(NoReaderError, match="scripts/run"):
        choose_reader([])


# --- connecting ---


def test_connect_takes_the_only_card_shared_and_any_protocol(scard: FakeScard) -> None:
    connection = connect()
    assert (connection.name, connection.atr, connection.protocol) == ("Lab 0 00 00", ATR, CardProtocol.T0)
    assert ("connect", "Lab 0 00 00", 2, 3) in scard.calls
    scard.answers = [bytes.fromhex("6F009000")]
    assert connection.transmit(SELECT) == bytes.fromhex("6F009000")
    assert ("transmit", 1, SELECT) in scard.calls
    connection.close()
    connection.close()
    assert ("disconnect", 0) in scard.calls
    assert scard.open == {"contexts": 0, "cards": 0}


def test_connect_may_ask_for_exclusive_use_and_t1(scard: FakeScard) -> None:
    connection = connect("lab", protocol=CardProtocol.T1, exclusive=True)
    assert connection.protocol is CardProtocol.T1
    assert ("connect", "Lab 0 00 00", 1, 2) in scard.calls
    scard.answers = [b"\x90\x00"]
    connection.transmit(SELECT)
    assert ("transmit", 2, SELECT) in scard.calls


def test_reset_is_warm_keeps_the_terms_and_reads_the_atr_again(scard: FakeScard) -> None:
    connection = connect(protocol=CardProtocol.T1, exclusive=True)
    scard.readers["Lab 0 00 00"] = (0x20022, b"\x3b\x00")
    assert connection.reset() == b"\x3b\x00"
    assert connection.atr == b"\x3b\x00"
    assert ("reconnect", 1, 2, 1) in scard.calls


@pytest.fixture
def connection(scard: FakeScard) -> PcscConnection:
    assert scard.readers
    return connect()


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (0x80100069, CardRemovedError),
        (0x80100067, CardRemovedError),
        (0x80100069 - 2**32, CardRemovedError),
        (0x8010000C, NoCardError),
        (0x8010000B, ReaderBusyError),
        (0x80100017, NoReaderError),
        (0x8010001D, NoServiceError),
        (0x8010001E, NoServiceError),
    ],
)
def test_a_failing_transmit_is_told_by_its_code(
    scard: FakeScard, connection: PcscConnection, code: int, error: type[ReaderError]
) -> None:
    scard.failing["transmit"] = code
    with pytest.raises(error):
        connection.transmit(SELECT)


def test_an_answer_without_bytes_is_a_removed_card(scard: FakeScard, connection: PcscConnection) -> None:
    scard.answers = [b""]
    with pytest.raises(CardRemovedError, match="Lab 0 00 00"):
        connection.transmit(SELECT)


def test_a_reset_by_another_program_is_said_and_not_hidden(scard: FakeScard, connection: PcscConnection) -> None:
    scard.failing["transmit"] = 0x80100068
    with pytest.raises(PcscError, match="another program reset it") as caught:
        connection.transmit(SELECT)
    assert caught.value.code == 0x80100068
    assert not [call for call in scard.calls if call[0] == "reconnect"]


def test_an_unknown_code_comes_with_pcscs_own_words(scard: FakeScard, connection: PcscConnection) -> None:
    scard.failing["transmit"] = 0x80100016 - 2**32
    with pytest.raises(PcscError, match=r"Lab 0 00 00: Trouble 16 \(PC/SC 80100016\)$") as caught:
        connection.transmit(SELECT)
    assert caught.value.code == 0x80100016


@pytest.mark.parametrize("command", [b"", b"\x00", b"\x04"])
def test_what_a_virtual_reader_takes_for_an_event_is_not_sent(
    scard: FakeScard, connection: PcscConnection, command: bytes
) -> None:
    with pytest.raises(PcscError, match=f"a command of {len(command)} bytes"):
        connection.transmit(command)
    assert not [call for call in scard.calls if call[0] == "transmit"]


def test_a_pcsc_connection_takes_layers_as_any_does(scard: FakeScard, connection: PcscConnection) -> None:
    scard.answers = [b"\x61\x02", b"\x6f\x00\x90\x00"]
    assert with_layers(connection).transmit(SELECT) == b"\x6f\x00\x90\x00"
    assert ("transmit", 1, bytes.fromhex("00C0000002")) in scard.calls


def test_a_failing_reset_is_told(scard: FakeScard, connection: PcscConnection) -> None:
    scard.failing["reconnect"] = 0x80100069
    with pytest.raises(CardRemovedError):
        connection.reset()


def test_a_card_that_is_gone_can_still_be_closed(scard: FakeScard, connection: PcscConnection) -> None:
    scard.failing = {"disconnect": 0x80100069, "release": 0x8010001D}
    connection.close()
    assert scard.open == {"contexts": 0, "cards": 0}


def test_a_closed_connection_says_so(connection: PcscConnection) -> None:
    connection.close()
    with pytest.raises(ClosedError, match="Lab 0 00 00 is closed"):
        connection.transmit(SELECT)
    with pytest.raises(ClosedError):
        connection.reset()


@pytest.mark.parametrize(
    ("function", "code", "error", "says"),
    [
        ("connect", 0x8010000B, ReaderBusyError, "exclusively"),
        ("connect", 0x80100066, PcscError, "no answer to reset"),
        ("connect", 0x8010000F, PcscError, "protocol"),
        ("connect", 0x8010000C, NoCardError, "put one in"),
        ("connect", 0x80100009, NoReaderError, "not there"),
        ("states", 0x80100009, NoReaderError, "not there"),
        ("list", 0x8010001D, NoServiceError, "Start pcscd"),
        ("establish", 0x8010006A, PcscError, "service ended, or else .* polkit"),
        ("establish", 0x80100027, PcscError, "polkit"),
    ],
)
def test_a_connect_that_fails_leaves_nothing_open(
    scard: FakeScard, function: str, code: int, error: type[ReaderError], says: str
) -> None:
    scard.failing[function] = code
    with pytest.raises(error, match=says):
        connect()
    assert scard.open == {"contexts": 0, "cards": 0}


def test_a_reader_that_vanishes_right_after_connecting_leaves_nothing_open(
    scard: FakeScard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect_and_vanish(*arguments: object) -> list[int]:
        assert len(arguments) == 4
        scard.open["cards"] += 1
        scard.readers.clear()
        return [0, 4711, 1]

    monkeypatch.setitem(vars(scard), "SCardConnect", connect_and_vanish)
    with pytest.raises(NoReaderError):
        connect()
    assert scard.open == {"contexts": 0, "cards": 0}


# --- what is missing ---


def test_no_service_says_how_to_start_one_and_where_it_was_looked_for(
    scard: FakeScard, monkeypatch: pytest.MonkeyPatch
) -> None:
    scard.failing["establish"] = 0x8010001D
    monkeypatch.delenv("PCSCLITE_CSOCK_NAME", raising=False)
    with pytest.raises(NoServiceError, match=r"no PC/SC service answers\. Start pcscd.*scripts/run") as caught:
        list_readers()
    assert "启动 pcscd" in caught.value.text.zh
    monkeypatch.setenv("PCSCLITE_CSOCK_NAME", "/tmp/lab/pcscd.comm")  # noqa: S108  a name, nothing is made there
    with pytest.raises(NoServiceError, match=r"answers at /tmp/lab/pcscd\.comm \(PCSCLITE_CSOCK_NAME\)"):
        list_readers()


def test_pyscard_that_is_not_installed_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "smartcard", None)
    monkeypatch.delitem(sys.modules, "smartcard.scard", raising=False)
    with pytest.raises(MissingLibraryError, match=r"pip install 'cardsim\[pcsc\]'"):
        list_readers()


def test_a_reader_name_that_pyscard_can_not_spell_is_named(scard: FakeScard) -> None:
    scard.readers["读卡器 0"] = EMPTY
    with pytest.raises(PcscError, match="not ASCII: 读卡器 0"):
        list_readers()


# --- waiting ---


def test_a_card_that_is_there_is_not_waited_for(scard: FakeScard) -> None:
    assert wait_for_card(0).name == "Lab 0 00 00"
    assert not [call for call in scard.calls if call[0] == "states" and call[1]]


def test_a_card_that_comes_ends_the_wait(scard: FakeScard) -> None:
    scard.readers["Lab 0 00 00"] = EMPTY
    waits = []

    def insert_at_the_third() -> None:
        waits.append(1)
        if len(waits) == 3:
            scard.readers["Omnikey 5022"] = CARD

    scard.on_wait = insert_at_the_third
    assert wait_for_card(None, "omni").number == 3
    assert len(waits) == 3
    assert scard.open == {"contexts": 0, "cards": 0}


def test_a_card_in_another_reader_does_not_end_the_wait(scard: FakeScard) -> None:
    with pytest.raises(NoCardError, match=r"within 1 s.*2 Lab 0 00 01 \(empty\)"):
        wait_for_card(1, "00 01", clock=ticks(0.0, 0.5, 0.9, 1.0))
    assert [call[1] for call in scard.calls if call[0] == "states" and call[1]] == [200, 100]


def test_a_reader_that_is_plugged_in_with_a_card_ends_the_wait(scard: FakeScard) -> None:
    scard.readers.clear()
    scard.on_wait = lambda: scard.readers.update({"New": CARD})
    assert wait_for_card(None).name == "New"


def test_no_reader_in_time_is_no_card(scard: FakeScard) -> None:
    scard.readers.clear()
    with pytest.raises(NoCardError, match=r"within 1 s in: no reader"):
        wait_for_card(1, clock=ticks(0.0, 0.5, 2.0))


def test_two_cards_at_once_must_be_told_apart(scard: FakeScard) -> None:
    scard.readers["Omnikey 5022"] = CARD
    with pytest.raises(NoReaderError, match="say which"):
        wait_for_card(1)
