"""The recorded session G7 of facts hrss-card 9, byte for byte, its challenges injected.

The envelope of 804E is not published: it is made here, by the openssl command, for the key on the card.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from readers.connect.inprocess import connect_inprocess
from readers.connect.layers import with_layers
from tests.unit.pki import openssl
from tests.unit.pki.lab import PkiBench

if TYPE_CHECKING:
    from pathlib import Path

CHALLENGES = (
    "51780DDC9394E497EAE01B3D9CAB4A97",
    "3D3ECC44607070F8935A64A15E8D95BA",
    "84B7B9199A29A245B2ADE3E80BE4EAF3",
)
SESSION_KEY = "BCF1462EF234DC7E7E4317BAB1434FA0"
BEFORE = (
    ("00A404000C504B492EC9E7BBE1B1A3D5CF", "6F14840C504B492EC9E7BBE1B1A3D5CF7304920233309000"),
    ("00A404000C53532E434552542E41444631", "6F0E840C53532E434552542E414446319000"),
    ("80C4010305C10312345600", "3DE741F445DD357BEA4E6C3FE6437036F62B5E3EC0F00D62796EDB4305ED627F9000"),
    ("0084000010", "51780DDC9394E497EAE01B3D9CAB4A979000"),
    ("0020018110C6CEE3CC430485E8676D2A6B10E52494", "9000"),
    ("80C4010306C1041234567800", "4D59306C7397E06DE3CD82A14A926FBAFED44352AD3EF88A06F5CBE600AF3DCF9000"),
    ("0084000010", "3D3ECC44607070F8935A64A15E8D95BA9000"),
    ("0020010010638C4E4E44182071BA0619F81D35C892", "9000"),
)
AFTER = (
    ("0084000010", "84B7B9199A29A245B2ADE3E80BE4EAF39000"),
    ("845E01001491A41964F0736EB6F6003DD1934FFE11E48CEFB3", "9000"),
)


@openssl.needs_sm2
def test_g7(tmp_path: Path) -> None:
    card = PkiBench()
    envelope = openssl.encrypt(tmp_path, card.file("0012")[2:], bytes.fromhex(SESSION_KEY))
    card.challenges = list(map(bytes.fromhex, CHALLENGES))
    card.port.power_on()
    connection = with_layers(connect_inprocess(card.port, "test"), fetch_response=True, repeat_with_le=True)
    rows = (*BEFORE, (f"804E000178C2020013C1820070{envelope.hex()}", f"{SESSION_KEY}9000"), *AFTER)
    for command, response in rows:
        assert connection.transmit(bytes.fromhex(command)).hex().upper() == response, command
    # The new administrator PIN is 72923074, as the sheet deciphers it.
    assert card.verify("00", "12345678") == "63C5"
    assert card.verify("00", "72923074") == "9000"
