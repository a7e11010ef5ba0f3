"""The card and the naive model agree on keys, writing and unblocking too, with a store that fails now and then."""

from __future__ import annotations

from typing import Any

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from tests.unit.chip.bench import bench
from tests.unit.chip.model_keys import KEYS, STK, KeyedModel, ecb, mac, seal, session
from tests.unit.chip.test_model import NUMBER, SFI, CardAgainstModel, with_data

RIGHT = st.sampled_from([True, True, True, False])
SOURCE = "0102030405060708"
RECORDS = ["050420250101", "06042035", "0201AB", "0A0132", "0B0199", "0C03112233", "0A02CDCD", "04", "", "0B0200CD"]
PLACES = st.sampled_from([(1, 5, 4), (5, 5, 4), (5, 5, 0), (2, 0, 4), (4, 6, 4), (0x0A, 6, 0), (0x0B, 0, 0), (5, 6, 4)])
CONTENTS = st.sampled_from(["AB", "ABCD", 8 * "00", 40 * "CD", ""])


class KeyedCardAgainstModel(CardAgainstModel):
    model: KeyedModel

    @initialize()
    def insert(self) -> None:
        self.bench = bench("gen2")
        self.model = KeyedModel()

    def both(self, command: str) -> None:
        before = self.bench.state
        answer = self.bench.t0(command)
        assert answer == self.model.transmit(command), command
        assert self.bench.state.challenge.hex().upper() == self.model.challenge
        if answer == "6581":
            after = self.bench.state
            assert after._replace(memory=b"", challenge=b"") == before._replace(memory=b"", challenge=b"")

    def signed(self, header: str, data: str, *, right: bool, sealed: bool = False) -> str:
        """Return the command with a MAC under the challenge that waits."""
        key = session(STK, self.model.challenge)
        body = seal(key, data) if sealed else data
        command = f"{header}{len(body) // 2 + 4:02X}{body}"
        code = mac(key, command)
        return command + (code if right else code[::-1])

    @rule(le=st.sampled_from(["08", "08", "08", "00", "", "04", "05"]), p2=st.sampled_from(["00", "00", "00", "01"]))
    def get_challenge(self, le: str, p2: str) -> None:
        self.both(f"008400{p2}{le}")

    @rule(
        reference=st.sampled_from([*KEYS, "07", "84"]),
        right=RIGHT,
        version=st.sampled_from(["", "", "00", "01"]),
        p1=st.sampled_from(["00", "00", "00", "01"]),
    )
    def prove(self, reference: str, right: bool, version: str, p1: str) -> None:
        key = session(KEYS.get(reference, STK), self.model.challenge)
        cryptogram = ecb(key, SOURCE) if right else SOURCE
        self.both(with_data(f"0082{p1}{reference}", cryptogram + SOURCE + version))

    @rule(reference=st.sampled_from(list(KEYS)))
    def prove_plainly(self, reference: str) -> None:
        self.select_hrss()
        self.get_challenge("08", "00")
        self.prove(reference, right=True, version="", p1="00")
        self.get_challenge("08", "00")

    @rule(number=NUMBER, sfi=SFI, mode=st.sampled_from([0, 4, 4, 3, 5]), data=st.sampled_from(RECORDS))
    def update_record_anywhere(self, number: int, sfi: int, mode: int, data: str) -> None:
        self.both(with_data(f"00DC{number:02X}{sfi << 3 | mode:02X}", data))

    @rule(place=PLACES, data=st.sampled_from(RECORDS))
    def update_record(self, place: tuple[int, int, int], data: str) -> None:
        self.update_record_anywhere(*place, data)

    @rule(place=PLACES, data=st.sampled_from(RECORDS), right=RIGHT)
    def update_record_signed(self, place: tuple[int, int, int], data: str, right: bool) -> None:
        number, sfi, mode = place
        self.both(self.signed(f"04DC{number:02X}{sfi << 3 | mode:02X}", data, right=right))

    @rule(p1=st.sampled_from([0, 3, 0x7F, 0x85, 0x87, 0x88, 0x95, 0xA7]), p2=NUMBER, data=CONTENTS)
    def update_binary(self, p1: int, p2: int, data: str) -> None:
        self.both(with_data(f"00D6{p1:02X}{p2:02X}", data))

    @rule(p1=st.sampled_from([0, 3, 0x87, 0x88]), p2=NUMBER, data=CONTENTS, right=RIGHT)
    def update_binary_signed(self, p1: int, p2: int, data: str, right: bool) -> None:
        self.both(self.signed(f"04D6{p1:02X}{p2:02X}", data, right=right))

    @rule(p1=st.sampled_from([0, 3, 0x87, 0x88]), p2=NUMBER, le=st.sampled_from(["02", "10", "00"]))
    def read_what_was_written(self, p1: int, p2: int, le: str) -> None:
        self.both(f"00B0{p1:02X}{p2:02X}{le}")

    @rule(p2=st.sampled_from(["00", "00", "01", "02"]), data=st.sampled_from(["", "", "654321", "AB"]), right=RIGHT)
    def unblock(self, p2: str, data: str, right: bool) -> None:
        self.both(self.signed(f"842400{p2}", data, right=right))

    @rule(data=st.sampled_from(["654321", "1234", "1234567890AB", "12345678901234", "12", "12FF34", ""]), right=RIGHT)
    def reload(self, data: str, right: bool) -> None:
        self.both(self.signed("84240001", data, right=right, sealed=True))

    @precondition(lambda self: self.model.tries < 3)
    @rule(new=st.sampled_from(["", "123456"]))
    def unblock_plainly(self, new: str) -> None:
        self.prove_plainly("06")
        self.both(self.signed("84240001" if new else "84240000", new, right=True, sealed=bool(new)))


KeyedCardAgainstModel.TestCase.settings = hypothesis.settings(max_examples=100, stateful_step_count=50, deadline=None)
TestKeyedCardAgainstModel: Any = KeyedCardAgainstModel.TestCase
