"""The recorded clients: each reads name, numbers and dates through pcscd and pyscard, each in its own manner."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cardsim.zones.layouts import Layout
from readers.connect.layers import with_layers
from readers.connect.pcsc import connect
from tests.cards import insert, make_image

if TYPE_CHECKING:
    from tests.pcsc.slots import Slots

pytestmark = pytest.mark.pcsc

_DATA = json.loads((Path(__file__).parents[1] / "data" / "clients.json").read_text(encoding="utf-8"))
_CLIENTS = [client for client in _DATA["clients"] if client["layout"] in ("1.00", "2.00")]
_HOLDER = {
    "name": "测试用户",
    "name_extension": "甲",
    "social_security_number": "639900199003070019",
    "sex": "1",
    "nation": "56",
    "birthplace": "639900",
    "issue_date": "20210318",
    "expiry_date": "20310317",
    "card_number": "X00000019",
    "card_identification": "639900D156000005004D5354A1B2C3D4",
    "institution": "91560000026399006301000A",
    "category": "3",
}
_EXPECTED = {
    0x01: bytes.fromhex("639900D156000005004D5354A1B2C3D4"),
    0x02: b"3",
    0x04: bytes.fromhex("91560000026399006301000A"),
    0x05: bytes.fromhex("20210318"),
    0x06: bytes.fromhex("20310317"),
    0x07: b"X00000019",
    0x08: b"639900199003070019",
    0x09: bytes.fromhex("B2E2CAD4D3C3BBA7" + "00" * 22),
    0x4E: bytes.fromhex("BCD7" + "00" * 18),
    0x0A: b"1",
    0x0B: b"\x56",
    0x0C: bytes.fromhex("639900"),
    0x0D: bytes.fromhex("19900307"),
}


@pytest.mark.parametrize("client", _CLIENTS, ids=[client["id"] for client in _CLIENTS])
def test_client_reads_the_card(client: dict[str, Any], slots: Slots) -> None:
    holder = dict(_HOLDER)
    if client["layout"] == "1.00":
        del holder["name_extension"]
    image = make_image(holder, layout=Layout.from_text(client["layout"]))
    commands = [_DATA["select_hrss"] if word == "@select_hrss" else word for word in client["commands"]]
    fetches_itself = any(command.startswith("00C0") for command in commands)
    bare = connect(slots.insert(insert(image)))
    try:
        connection = with_layers(
            bare, fetch_response=client["get_response"] and not fetches_itself, repeat_with_le=client["retry_6c"]
        )
        answers = [connection.transmit(bytes.fromhex(command)) for command in commands]
    finally:
        bare.close()
    for index, sw in client.get("expect_sw", {}).items():
        assert answers[int(index)][-2:].hex() == sw
    for index, sw1 in client.get("expect_sw1", {}).items():
        assert answers[int(index)][-2] == int(sw1, 16)
    expected = {**_EXPECTED, 0x03: client["layout"].encode()}
    read = [answer for command, answer in zip(commands, answers, strict=True) if command.startswith("00B2")]
    assert read
    for answer in read:
        tag, value = answer[0], answer[client["value_offset"] : -2]
        assert answer[-2:] == b"\x90\x00"
        assert value == expected[tag], f"{tag:02X}"
        assert len(value) == answer[1]
