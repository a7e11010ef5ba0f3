"""`cardsim show` of a 3rd-generation card: interfaces, zones, keys with their algorithm, certificates, memory map."""

from __future__ import annotations

import hashlib
import re
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cardsim.chip.filesystem import FileSystem
from cardsim.chip.layout import HEADER_SIZE, FileType, KeyRecord
from cardsim.chip.memory import Memory, NoJournal
from cardsim.perso import Holder, personalise
from cardsim.profiles import GEN3
from cardsim.zones.layouts import Layout
from tests.unit.cli.gen3 import ADMIN_PIN, CODE, copied, image, save

if TYPE_CHECKING:
    from pathlib import Path

    from cardsim.perso import CardImage
    from tests.unit.cli.running import Runner

ATR = bytes.fromhex("3B6D00000081544C97868463999F8FF5CD")


def shown(cardsim: Runner, card: CardImage, directory: Path) -> list[str]:
    """Return the lines, blanks between words single."""
    ran = cardsim("show", save(card, directory / "x.card"))
    assert (ran.status, ran.err) == (0, "")
    return [" ".join(line.split()) for line in ran.out.splitlines()]


def sm4(key: bytes, data: bytes) -> bytes:
    words = ("openssl", "enc", "-sm4-ecb", "-nopad", "-K", key.hex())
    return subprocess.run(words, input=data, capture_output=True, check=True, timeout=10).stdout


def test_zones_and_their_interfaces(cardsim: Runner, tmp_path: Path) -> None:
    lines = shown(cardsim, image(), tmp_path)
    at = lines.index("zones:")
    assert lines[at + 1 : at + 3] == [
        "HRSS DDF1 sx1.sh.社会保障 contact, contactless",
        "PKI DDF2 PKI.社会保障 contact, contactless",
    ]


def test_a_card_with_one_interface(cardsim: Runner, card: Path) -> None:
    lines = [" ".join(line.split()) for line in cardsim("show", card).out.splitlines()]
    assert lines[lines.index("zones:") + 1] == "HRSS DDF1 sx1.sh.社会保障 contact"


@pytest.mark.parametrize(("algorithm", "name"), [("SM4", "SM4"), ("DES", "triple DES")])
def test_keys_have_their_algorithm(cardsim: Runner, tmp_path: Path, algorithm: str, name: str) -> None:
    profile = GEN3.override({"hrss_algorithm": algorithm})
    lines = shown(cardsim, personalise(profile, Layout.V3_00, Holder()), tmp_path)
    keys = [line for line in lines if re.match(r"key \w+ reference", line)]
    assert len(keys) > 20
    assert all(f"version 00 {name} KCV" in line for line in keys if not line.startswith("key MK"))
    assert any("SM4" in line for line in keys if line.startswith("key MK"))


def test_the_check_value_of_an_sm4_key(cardsim: Runner, tmp_path: Path) -> None:
    """By openssl, from the TEST root down: province, city, card."""
    key = hashlib.sha256(b"cardsim TEST root HRSS/SSSE/RK 0 SM4").digest()[:16]
    for factor in (b"630000sh", b"639900sx", ATR[9:17]):
        key = sm4(key, factor + bytes(byte ^ 0xFF for byte in factor))
    kcv = sm4(key, bytes(16))[:3].hex().upper()
    lines = shown(cardsim, image(), tmp_path)
    line = next(line for line in lines if line.startswith("key RK reference 0A"))
    assert line.endswith(f"version 00 SM4 KCV {kcv}")


def test_an_algorithm_that_is_not_known_is_a_number(cardsim: Runner, tmp_path: Path) -> None:
    original = image()
    memory = bytearray(original.memory)
    files = FileSystem(Memory(original.memory, NoJournal()))
    key = next(
        credential
        for directory in files.directories
        for versions in directory.keys.values()
        for credential in versions.values()
        if credential.algorithm == 4
    )
    memory[key.record + KeyRecord.TRIES_OFFSET + 1] = 0x77
    lines = shown(cardsim, replace(original, memory=bytes(memory)), tmp_path)
    assert sum("algorithm 77, 16 bytes" in line for line in lines) == 1


def test_private_keys_and_pins_are_not_shown(cardsim: Runner, tmp_path: Path) -> None:
    original = image()
    files = FileSystem(Memory(original.memory, NoJournal()))
    private = [
        original.memory[file.body + 2 : file.body + file.size].hex().upper()
        for directory in files.directories
        for file in directory.files
        if file.header.type is FileType.PRIVATE_KEY
    ]
    assert len(private) == 2
    text = "\n".join(shown(cardsim, original, tmp_path))
    assert "0013 Signature private key 34 bytes private key read: never" in text
    assert not any(key in text for key in (*private, "3DE741F445DD357B", ADMIN_PIN))


def certificates(lines: list[str]) -> list[list[str]]:
    """Return what is said about each certificate."""
    start, end = lines.index("certificates:") + 1, next(i for i, line in enumerate(lines) if line.startswith("memory:"))
    return [lines[at : at + 5] for at in range(start, end - 1, 5)]


def test_certificates(cardsim: Runner, tmp_path: Path) -> None:
    found = certificates(shown(cardsim, image(), tmp_path))
    assert [entry[0].split()[1] for entry in found] == [
        "sx1.sh.社会保障/EF0E", "SS.CERT.ADF1/0018", "SS.CERT.ADF1/0019"
    ]  # fmt: skip
    assert found[1] == [
        "DF01 SS.CERT.ADF1/0018 Signature certificate",
        f"subject serialNumber={CODE},CN=PKI card,O=PKI card,C=CN",
        "issuer CN=cardsim TEST PKI CA 1,O=cardsim TEST,C=CN",
        "valid 2024-01-01 to 2034-01-01",
        "fits this card",
    ]
    assert [entry[4] for entry in found] == ["fits this card"] * 3


def test_a_copied_card_looks_right_until_it_is_asked_to_sign(cardsim: Runner, tmp_path: Path) -> None:
    found = certificates(shown(cardsim, copied(image()), tmp_path))
    assert [entry[4] for entry in found] == ["fits this card"] * 3


def test_a_certificate_in_the_wrong_place(cardsim: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    card = save(image(), tmp_path / "c.card")
    other = "639900D156000005000000017BD172E2"
    cardsim("certs", "issue", "--zone", "HRSS", "--id", other, "--out", "other.pem")
    cardsim("pki", "write-cert", "signature", "other.pem", "--card", card, "--admin-pin", ADMIN_PIN)
    said = cardsim("show", card).out
    assert (
        f"does NOT fit this card: bound to card {other}; "
        "bound to zone 7378312E73682EC9E7BBE1B1A3D5CF; made for a key that is not on the card\n"
    ) in said
    assert said.count("fits this card") == 2
    zh = cardsim("--lang=zh", "show", card).out
    assert "证书:\n" in zh
    assert "与本卡不符:" in zh


def test_a_damaged_certificate(cardsim: Runner, tmp_path: Path) -> None:
    original = image()
    memory = bytearray(original.memory)
    files = FileSystem(Memory(original.memory, NoJournal()))
    file = next(file for directory in files.directories for file in directory.files if file.fid == 0x0018)
    memory[file.body + 4] ^= 0xFF
    lines = shown(cardsim, replace(original, memory=bytes(memory)), tmp_path)
    assert any(line.startswith("no certificate that can be read: ") for line in lines)


def test_the_memory_map_leaves_nothing_out(cardsim: Runner, tmp_path: Path) -> None:
    """Applications and what is free follow each other without a gap up to the last byte."""
    lines = cardsim("show", save(image(), tmp_path / "c.card")).out.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("memory: 163840 bytes, "))
    used, free = map(int, re.findall(r"(\d+) (?:used|free)", lines[start]))
    assert used + free == 163_840
    row = re.compile(r"  (\S.*?) +(\d+) bytes  ([0-9A-F]{5})-([0-9A-F]{5})")
    spans = [
        (int(found[3], 16), int(found[4], 16), found[1], int(found[2]))
        for line in lines[start + 1 :]
        if (found := row.fullmatch(line))
    ]
    assert [span[2] for span in spans] == ["HRSS application", "PKI application", "free"]
    ends = [HEADER_SIZE + len(GEN3.mf_name), *(end + 1 for _, end, _, _ in spans)]
    assert [first for first, _, _, _ in spans] == ends[:-1]
    assert ends[-1] == 163_840
    assert all(end + 1 - first == size for first, end, _, size in spans)
    assert spans[-1][3] == free
    assert any("Keys and certificates" in line for line in lines[start:])


def field(cardsim: Runner, directory: Path, **settings: object) -> list[str]:
    """Return the lines about the card in a field, up to those about its face."""
    lines = shown(cardsim, personalise(GEN3.override(settings), Layout.V3_00, Holder()), directory)
    return lines[lines.index("ATR 3B 6D 00 00 00 81 54 4C 97 86 84 63 99 9F 8F F5 CD") + 1 :][:7]


def test_how_it_answers_in_a_field(cardsim: Runner, tmp_path: Path) -> None:
    assert field(cardsim, tmp_path) == [
        "in a field: type A",
        "UID 97 8F F5 CD",
        "ATQA 00 08",
        "SAK 20",
        "ATS 12 78 80 90 02 00 81 54 4C 97 86 84 63 99 9F 8F F5 CD",
        "pseudo-ATR 3B 8D 80 01 00 81 54 4C 97 86 84 63 99 9F 8F F5 CD D2",
        "printed on the card:",
    ]


def test_a_random_uid_is_not_made_up(cardsim: Runner, tmp_path: Path) -> None:
    assert field(cardsim, tmp_path, uid_kind="random")[1] == "UID random, another at every activation"


def test_type_b_in_a_field(cardsim: Runner, tmp_path: Path) -> None:
    assert field(cardsim, tmp_path, radio_type="B")[:6] == [
        "in a field: type B",
        "PUPI 9F 8F F5 CD",
        "application data 00 00 00 00",
        "protocol information 00 81 91",
        "answer to ATTRIB 00",
        "pseudo-ATR 3B 88 80 01 00 00 00 00 00 81 91 00 19",
    ]


def test_only_the_interfaces_that_there_are(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    assert "in a field" not in cardsim("show", card).out
    contactless = personalise(GEN3.override({"interfaces": "contactless"}), Layout.V3_00, Holder())
    assert shown(cardsim, contactless, tmp_path)[1] == "in a field: type A"
    assert "非接触:A 型\n" in cardsim("--lang=zh", "show", tmp_path / "x.card").out
