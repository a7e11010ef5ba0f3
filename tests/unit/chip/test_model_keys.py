"""The card and the naive model agree on keys, writing and unblocking too, with a store that fails now and then."""

from __future__ import annotations

from typing import Any

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.unit.chip.bench import Bench, bench
from tests.unit.chip.model_keys import KEYS, STK, KeyedModel, ecb, mac, seal, session
from tests.unit.chip.test_model import NUMBER, SFI, with_data

MOSTLY = st.sampled_from([True, True, True, True, False])
SOURCE = "0102030405060708"
SELECT_HRSS = "00A404000F7378312E73682EC9E7BBE1B1A3D5CF"
SELECTIONS = st.sampled_from(
    [SELECT_HRSS, SELECT_HRSS, "00A4000002EF05", "00A4000002EF07", "00A40000", "00A4000002EF55"]
)
# P1 and P2 of a record of EF05 or EF06, and what has its form.
FITTING = [
    ("052C", "050420250101"),
    ("0528", "050420240202"),
    ("022C", "0201AB"),
    ("0A30", "0A0132"),
    ("0534", "0B0199"),
    ("0C30", "0C03112233"),
]
FOREIGN = ["050420250101", "05042035", "0A02CDCD", "0C0401020304", "04", ""]
RECORD = st.sampled_from(FITTING) | st.tuples(
    st.sampled_from([place for place, _ in FITTING]), st.sampled_from(FOREIGN)
)
CONTENT = st.sampled_from(["AB", "ABCD", 8 * "00", 40 * "CD", 40 * "CD", ""])
BINARY = st.sampled_from(["8700", "8700", "8807", "0000", "03F8", "0FFF", "0400", "8500", "9500", "A700"])


class KeyedCardAgainstModel(RuleBasedStateMachine):
    bench: Bench
    model: KeyedModel

    @initialize()
    def insert(self) -> None:
        self.bench = bench("gen2")
        self.model = KeyedModel()
        self.both(SELECT_HRSS)

    def both(self, command: str) -> None:
        before = self.bench.state
        answer = self.bench.t0(command)
        assert answer == self.model.transmit(command), command
        after = self.bench.state
        assert after.challenge.hex().upper() == self.model.challenge
        if answer == "6581":
            assert after._replace(memory=b"", challenge=b"") == before._replace(memory=b"", challenge=b"")

    def challenge(self, wanted: bool) -> None:
        if wanted:
            self.both("0084000008")

    def signed(self, header: str, data: str, *, right: bool, sealed: bool = False) -> None:
        """Send a command with a MAC under the challenge that waits."""
        key = session(STK, self.model.challenge)
        body = seal(key, data) if sealed else data
        command = f"{header}{len(body) // 2 + 4:02X}{body}"
        self.both(command + (mac(key, command) if right else "0BADC0DE"))

    @rule(command=SELECTIONS)
    def select(self, command: str) -> None:
        self.both(command)

    @rule(p1p2=st.sampled_from(["0000", "0000", "0001"]), le=st.sampled_from(["08", "00", "", "04", "05"]))
    def get_challenge(self, p1p2: str, le: str) -> None:
        self.both(f"0084{p1p2}{le}")

    @rule(
        reference=st.sampled_from([*KEYS, *KEYS, *KEYS, "07", "84"]),
        fresh=MOSTLY,
        right=MOSTLY,
        version=st.sampled_from(["", "", "", "00", "01"]),
        p1=st.sampled_from(["00", "00", "00", "00", "01"]),
    )
    def prove(self, reference: str, fresh: bool, right: bool, version: str, p1: str) -> None:
        self.challenge(fresh)
        key = session(KEYS.get(reference, STK), self.model.challenge)
        self.both(with_data(f"0082{p1}{reference}", (ecb(key, SOURCE) if right else SOURCE) + SOURCE + version))

    @rule(reference=st.sampled_from([*KEYS]))
    def prove_plainly(self, reference: str) -> None:
        self.both(SELECT_HRSS)
        self.prove(reference, fresh=True, right=True, version="", p1="00")

    @rule(record=RECORD)
    def update_record(self, record: tuple[str, str]) -> None:
        place, data = record
        self.both(with_data(f"00DC{place}", data))

    @rule(record=RECORD, fresh=MOSTLY, right=MOSTLY)
    def update_record_signed(self, record: tuple[str, str], fresh: bool, right: bool) -> None:
        self.challenge(fresh)
        place, data = record
        self.signed(f"04DC{place}", data, right=right)

    @rule(number=NUMBER, sfi=SFI, mode=st.sampled_from([0, 3, 4, 5]), data=st.sampled_from(FOREIGN))
    def update_anywhere(self, number: int, sfi: int, mode: int, data: str) -> None:
        self.both(with_data(f"00DC{number:02X}{sfi << 3 | mode:02X}", data))

    @rule(place=BINARY, data=CONTENT)
    def update_binary(self, place: str, data: str) -> None:
        self.both(with_data(f"00D6{place}", data))

    @rule(place=BINARY, data=CONTENT, fresh=MOSTLY, right=MOSTLY)
    def update_binary_signed(self, place: str, data: str, fresh: bool, right: bool) -> None:
        self.challenge(fresh)
        self.signed(f"04D6{place}", data, right=right)

    @rule(place=BINARY, le=st.sampled_from(["01", "02", "10", "00"]))
    def read_binary(self, place: str, le: str) -> None:
        self.both(f"00B0{place}{le}")

    @rule(place=st.sampled_from(["012D00", "013500", "052C06", "0A3003", "010400"]))
    def read_record(self, place: str) -> None:
        self.both(f"00B2{place}")

    @rule(p2=st.sampled_from(["00", "00", "00", "01", "02"]), data=st.sampled_from(["", "", "", "AB"]), right=MOSTLY)
    def unblock(self, p2: str, data: str, right: bool) -> None:
        self.challenge(wanted=True)
        self.signed(f"842400{p2}", data, right=right)

    @rule(
        new=st.sampled_from(["654321", "123456", "1234", "1234567890AB", "12345678901234", "12", "12FF34", ""]),
        fresh=MOSTLY,
        right=MOSTLY,
    )
    def reload(self, new: str, fresh: bool, right: bool) -> None:
        self.challenge(fresh)
        self.signed("84240001", new, right=right, sealed=True)

    @rule(pin=st.sampled_from(["123456", "654321", "1234", ""]), times=st.sampled_from([1, 1, 6]))
    def verify(self, pin: str, times: int) -> None:
        for _ in range(times):
            self.both(with_data("00200000", pin))

    @rule(after=st.integers(0, 5))
    def break_the_store(self, after: int) -> None:
        self.bench.journal.fail_after = self.model.fail_after = after

    @rule(event=st.sampled_from(["reset", "power_on"]))
    def power(self, event: str) -> None:
        getattr(self.bench.port, event)()
        self.model.reset()
        self.both(SELECT_HRSS)


KeyedCardAgainstModel.TestCase.settings = hypothesis.settings(max_examples=100, stateful_step_count=50, deadline=None)
TestKeyedCardAgainstModel: Any = KeyedCardAgainstModel.TestCase
