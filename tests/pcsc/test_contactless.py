"""A card of two interfaces seen through PC/SC, in both kinds of virtual reader."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from smartcard import scard

from apdu import Interface
from cardsim.chip import Card, DualCard, Memory, NoJournal, port_for
from cardsim.profiles import GEN2, GEN3
from readers.connect.pcsc import connect, list_readers
from readers.connect.scard import CardProtocol
from readers.errors import ReaderError
from readers.serve.pseudo_apdus import in_reader
from tests.cards import counting_entropy, make_image

if TYPE_CHECKING:
    from pathlib import Path

    from apdu import CardPort
    from cardsim.profiles import Profile
    from readers.connect.pcsc import PcscConnection, ReaderInfo
    from tests.pcsc.slots import Link, Slots

pytestmark = pytest.mark.pcsc

SSSE = "00A404000F7378312E73682EC9E7BBE1B1A3D5CF"
READ_VERSION = "00B2032C06"
HISTORICAL = "0081544C9686843716008F3D97"
PSEUDO_ATR = "3B8D80010081544C9686843716008F3D9705"
FCI_START = "6F"


def _card(profile: Profile) -> tuple[Card, Profile]:
    profile = profile.override({"historical_bytes": HISTORICAL})
    card = Card(Memory(make_image().memory, NoJournal()), profile, counting_entropy, strict=True)
    return card, profile


def _in_field(profile: Profile) -> CardPort:
    return in_reader(port_for(*_card(profile), counting_entropy, Interface.CONTACTLESS))


def _send(connection: PcscConnection, command: str) -> str:
    return connection.transmit(bytes.fromhex(command)).hex().upper()


def _info(name: str) -> ReaderInfo:
    return next(info for info in list_readers() if info.name == name)


def _read(*words: str) -> dict[str, object]:
    """All that `cardsim read` finds but the ATR."""
    content: dict[str, object] = json.loads(_cardsim("read", "--json", *words))
    del content["atr"]
    return content


def _cardsim(*words: str) -> str:
    command = [sys.executable, "-m", "cardsim", "--lang=en", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def test_a_gen3_card_in_a_field(slots: Slots) -> None:
    name = slots.insert(_in_field(GEN3))
    assert _info(name).atr.hex().upper() == PSEUDO_ATR
    with contextlib.closing(connect(name)) as connection:
        assert connection.protocol is CardProtocol.T1
        assert _send(connection, "FFCA000000") == "008F3D979000"
        assert _send(connection, "FFCA010000") == HISTORICAL + "9000"
        assert _send(connection, "FFB0000410") == "6A81"
        answer = _send(connection, SSSE)
        assert answer.startswith(FCI_START)
        assert answer.endswith("9000")
        assert _send(connection, READ_VERSION) == "0304322E30309000"
        assert _send(connection, "00C0000000") == "6D00"


def test_other_programs_see_the_pseudo_atr(slots: Slots) -> None:
    name = slots.insert(_in_field(GEN3))
    number = [info.name for info in list_readers()].index(name)
    spaced = ":".join(PSEUDO_ATR[at : at + 2].lower() for at in range(0, len(PSEUDO_ATR), 2))
    done = subprocess.run(["opensc-tool", "-r", str(number), "-a"], capture_output=True, text=True, check=True)
    assert spaced in done.stdout
    assert name in subprocess.run(["opensc-tool", "-l"], capture_output=True, text=True, check=True).stdout
    text = _cardsim("readers")
    assert "made up by the reader for a contactless card" in text


def test_a_gen2_card_is_mute_in_a_field(slots: Slots) -> None:
    name = slots.insert(_in_field(GEN2))
    info = _info(name)
    assert (info.card_present, info.mute, info.atr) == (True, True, b"")
    with pytest.raises(ReaderError):
        connect(name)


def _retry(name: str) -> PcscConnection:
    """Connect once the other reader has let go, which pcscd does some 0.4 to 0.8 s after its last user.

    A card that pcscd has known and then finds mute stays so until it is told to take the power away.
    """
    pause = threading.Event()
    for _ in range(50):
        with contextlib.suppress(ReaderError):
            return connect(name)
        pause.wait(0.1)
        _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        _, handle, _ = scard.SCardConnect(context, name, scard.SCARD_SHARE_DIRECT, scard.SCARD_PROTOCOL_ANY)
        scard.SCardReconnect(handle, scard.SCARD_SHARE_SHARED, scard.SCARD_PROTOCOL_ANY, scard.SCARD_UNPOWER_CARD)
        scard.SCardDisconnect(handle, scard.SCARD_LEAVE_CARD)
        scard.SCardReleaseContext(context)
    return connect(name)


def _both(slots: Slots) -> tuple[str, str]:
    dual = DualCard(*_card(GEN3), counting_entropy)
    return slots.insert_both(dual.contact, in_reader(dual.contactless))


def test_two_readers_show_what_each_sees_of_one_card(slots: Slots) -> None:
    contact, contactless = _both(slots)
    assert _info(contact).atr.hex().upper() == "3B6D0000" + HISTORICAL
    assert _info(contactless).atr.hex().upper() == PSEUDO_ATR


def test_contact_takes_over_and_gives_back(slots: Slots) -> None:
    contact, contactless = _both(slots)
    with contextlib.closing(_retry(contactless)) as connection:
        assert _send(connection, SSSE)[-4:] == "9000"
        assert _send(connection, "0020000003123456") == "9000"
        with pytest.raises(ReaderError):
            connect(contact)
        assert _send(connection, READ_VERSION) == "0304322E30309000"
    with contextlib.closing(_retry(contact)) as connection:
        assert connection.protocol is CardProtocol.T0
        assert _send(connection, READ_VERSION) == "6A82"
        assert _send(connection, SSSE) == "6118"
        with pytest.raises(ReaderError):
            connect(contactless)
    with contextlib.closing(_retry(contactless)) as connection:
        assert _send(connection, READ_VERSION) == "6A82"
        assert _info(contactless).atr.hex().upper() == PSEUDO_ATR


def test_serving_a_file_on_one_interface(slots: Slots, tmp_path: Path) -> None:
    path = tmp_path / "bob.card"
    _cardsim("new", "--chip", "gen3", "--out", str(path))
    in_process = _read("--card", str(path))
    reader, _ = slots.serve(path, "--interface", "contactless")
    assert _read("--reader", reader) == in_process
    assert _info(reader).atr[:2].hex() == "3b8d"


def test_serving_a_file_in_two_readers(link: Link, tmp_path: Path) -> None:
    path = tmp_path / "bob.card"
    _cardsim("new", "--chip", "gen3", "--out", str(path))
    where = tmp_path / "served"
    command = [sys.executable, "-m", "cardsim", "--lang=en", "serve", str(path), "--pcsc", "--interface", "both"]
    with subprocess.Popen([*command, "--socket", str(where)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            said = [process.stdout.readline() for _ in range(5)]
            link.lead(where)
            names = ["Cardsim Contact 00 00", "Cardsim Contactless 01 00"]
            assert [line.strip().rpartition(" is in the reader ")[2] for line in said[:2]] == names
            by_contact, in_field = (_read("--reader", name) for name in names)
            assert by_contact == in_field
        finally:
            process.terminate()


def test_running_a_program_with_both(tmp_path: Path) -> None:
    path = tmp_path / "bob.card"
    _cardsim("new", "--chip", "gen3", "--out", str(path))
    run = ("run", "--card", str(path), "--interface", "both", "--")
    listed = _cardsim(*run, "opensc-tool", "-l")
    assert "Cardsim Contact 00 00" in listed
    assert "Cardsim Contactless 01 00" in listed
    for reader, start in (("0", "3b:6d:00:00"), ("1", "3b:8d:80:01")):
        assert start in _cardsim(*run, "opensc-tool", "-r", reader, "-a")


def test_a_psam_beside_a_card_in_a_field(tmp_path: Path) -> None:
    """The terminal's PSAM stays in a reader with contacts, whatever the card is in."""
    card, psam = tmp_path / "bob.card", tmp_path / "terminal.card"
    _cardsim("new", "--chip", "gen3", "--out", str(card))
    _cardsim("new", "--chip", "psam", "--out", str(psam))
    for interface, readers in (("contactless", 2), ("both", 3)):
        run = ("run", "--card", str(card), "--card", str(psam), "--interface", interface, "--")
        names = [
            line.split(None, 1)[1] for line in _cardsim(*run, "opensc-tool", "-l").splitlines() if "Cardsim" in line
        ]
        assert len(names) == readers
        program = (sys.executable, "-m", "cardsim", "--lang=en", "read", "--reader", "Contactless", "--json")
        content = json.loads(_cardsim(*run, *program, "--auth", "psam", "--psam-reader", "Cardsim 0"))
        assert (content["atr"][:8], content["terminal_number"]) == ("3B8D8001", "990000000001")
