"""`--interface`: which reader a card file is put into."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cardsim.cli import main
from readers.serve.pcsclite.server import PcscService
from tests.unit.cli.running import SELECT_SSSE, clean_environment

if TYPE_CHECKING:
    from pathlib import Path

    from apdu import CardPort
    from tests.unit.cli.running import Runner


@pytest.fixture(scope="module")
def gen3_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("card") / "bob.card"
    assert main(["new", "--chip", "gen3", "--out", str(path)]) == 0
    return path.read_bytes()


@pytest.fixture
def gen3(gen3_bytes: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "bob.card"
    path.write_bytes(gen3_bytes)
    return path


def test_a_card_file_in_a_field_of_this_process(cardsim: Runner, gen3: Path) -> None:
    ran = cardsim("apdu", "--card", gen3, "--interface", "contactless", "--raw", "FFCA000000", SELECT_SSSE)
    assert ran.status == 0
    said = ran.out.replace(" ", "")
    assert re.search(r"<[0-9A-F]{8}9000", said)
    assert "<6F1C840F" in said
    ran = cardsim("apdu", "--card", gen3, "--interface", "contact", "--raw", SELECT_SSSE)
    assert "611E" in ran.out.replace(" ", "")


def test_reading_is_the_same_on_both_interfaces(cardsim: Runner, gen3: Path) -> None:
    by_contact = cardsim("read", "--card", gen3, "--json")
    in_field = cardsim("read", "--card", gen3, "--json", "--interface", "contactless")
    assert by_contact.status == in_field.status == 0
    there, here = json.loads(by_contact.out), json.loads(in_field.out)
    assert (there.pop("atr")[:8], here.pop("atr")[:8]) == ("3B6D0000", "3B8D8001")
    assert there == here


@pytest.mark.parametrize(
    "words",
    [
        ("read", "--interface", "contactless", "--card"),
        ("serve", "--pcsc", "--interface", "contactless"),
        ("serve", "--pcsc", "--interface", "both"),
        ("serve", "--vpcd", "fd:0", "--interface", "both"),
    ],
)
def test_a_chip_without_that_interface(cardsim: Runner, card: Path, words: tuple[str, ...]) -> None:
    message = cardsim.refused(*words, card)
    assert "this gen2 chip has no contactless interface, only contact; make one with" in message
    assert "没有非接触界面,只有接触界面" in cardsim.refused("--lang", "zh", *words, card)


def test_run_says_the_same(cardsim: Runner, card: Path) -> None:
    assert "no contactless interface" in cardsim.refused("run", "--card", card, "--interface", "both", "--", "true")


def readers_of(monkeypatch: pytest.MonkeyPatch, cardsim: Runner, interface: str, *cards: Path) -> list[str]:
    """Return the names of the readers that `cardsim run` puts these cards into, in their order."""
    inserted: list[str] = []
    insert = PcscService.insert

    def noting(service: PcscService, port: CardPort, *, label: str = "", shared: bool = False) -> str:
        inserted.append(insert(service, port, label=label, shared=shared))
        return inserted[-1]

    with monkeypatch.context() as patch:
        patch.setattr(PcscService, "insert", noting)
        words = [word for card in cards for word in ("--card", card)]
        assert cardsim("run", *words, "--interface", interface, "--", "true").status == 0
    return inserted


def test_cards_without_a_field_beside_others_are_in_their_contact_reader(
    monkeypatch: pytest.MonkeyPatch, cardsim: Runner, card: Path, gen3: Path, tmp_path: Path
) -> None:
    psam = tmp_path / "psam.card"
    assert cardsim("new", "--chip", "psam", "--out", psam).status == 0
    assert readers_of(monkeypatch, cardsim, "both", gen3, card, psam) == [
        "Cardsim Contact 00 00",
        "Cardsim Contactless 01 00",
        "Cardsim 02 00",
        "Cardsim 03 00",
    ]
    assert readers_of(monkeypatch, cardsim, "contactless", card, gen3) == [
        "Cardsim 00 00",
        "Cardsim Contactless 01 00",
    ]
    words = ("run", "--card", psam, "--card", card, "--interface", "both", "--", "true")
    assert "this psam chip has no contactless interface" in cardsim.refused(*words)


def test_a_contactless_chip_needs_no_option(cardsim: Runner, tmp_path: Path) -> None:
    settings, path = tmp_path / "chip.toml", tmp_path / "ring.card"
    settings.write_text('interfaces = "contactless"\n')
    assert cardsim("new", "--chip", "gen3", "--chip-profile", settings, "--out", path).status == 0
    assert "9000" in cardsim("apdu", "--card", path, "--raw", "FFCA000000").out
    assert "no contact interface, only contactless" in cardsim.refused("read", "--card", path, "--interface", "contact")


def test_a_reader_decides_by_itself(cardsim: Runner) -> None:
    assert "--interface says how --card is reached" in cardsim.refused("read", "--interface", "contactless")


@pytest.mark.parametrize("where", ["fd:0", "fd:0,1,2", "fd:0,x", "x", "localhost:"])
def test_two_readers_need_two_slots(cardsim: Runner, gen3: Path, where: str) -> None:
    assert "fd:N,M for two readers" in cardsim.refused("serve", gen3, "--vpcd", where, "--interface", "both")


def test_both_through_two_sockets_and_one_trace(gen3: Path, tmp_path: Path) -> None:
    trace = tmp_path / "bob.trace"
    pairs = [socket.socketpair() for _ in range(2)]
    ours, theirs = zip(*pairs, strict=True)
    numbers = [sock.fileno() for sock in theirs]
    words = ["serve", str(gen3), "--interface", "both", "--vpcd", f"fd:{numbers[0]},{numbers[1]}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "cardsim", "--lang", "en", *words, "--trace", str(trace)],
        pass_fds=numbers,
        env=clean_environment(),
        stdout=subprocess.PIPE,
    )
    for sock in theirs:
        sock.close()
    contact, contactless = ours
    for sock in ours:
        sock.settimeout(30)
    try:
        say(contact, "01")
        assert ask(contact, "04").startswith("3B6D0000")
        assert ask(contact, SELECT_SSSE) == "611E"
        say(contact, "00")
        say(contactless, "01")
        assert ask(contactless, "04").startswith("3B8D8001")
        assert ask(contactless, SELECT_SSSE).endswith("9000")
        say(contact, "01")
        assert ask(contact, "04") == 34 * "00"
        contactless.close()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.communicate()
        contact.close()
    text = trace.read_text()
    assert "# contact: power on" in text
    assert "# contactless: power on" in text


def test_both_ends_at_a_signal_before_anybody_asked(gen3: Path) -> None:
    pairs = [socket.socketpair() for _ in range(2)]
    numbers = [theirs.fileno() for _, theirs in pairs]
    words = ["serve", str(gen3), "--interface", "both", "--vpcd", f"fd:{numbers[0]},{numbers[1]}"]
    with subprocess.Popen(
        [sys.executable, "-m", "cardsim", "--lang", "en", *words],
        pass_fds=numbers,
        env=clean_environment(),
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        process.stdout.readline()
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(30) == 0
    for ours, theirs in pairs:
        ours.close()
        theirs.close()


def say(vpcd: socket.socket, body: str) -> None:
    raw = bytes.fromhex(body)
    vpcd.sendall(len(raw).to_bytes(2, "big") + raw)


def ask(vpcd: socket.socket, body: str) -> str:
    say(vpcd, body)
    with vpcd.makefile("rb", buffering=0) as stream:
        size = int.from_bytes(stream.read(2) or b"", "big")
        answer = b""
        while len(answer) < size:
            answer += stream.read(size - len(answer)) or b""
    return answer.hex().upper()
