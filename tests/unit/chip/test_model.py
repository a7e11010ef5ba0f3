"""The card and a naive model of it agree byte for byte over random sessions, with a store that fails now and then."""

from __future__ import annotations

from typing import Any

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.unit.chip.bench import Bench, bench
from tests.unit.chip.model import MF_NAME, SSSE_NAME, Model

FIDS = st.sampled_from(["3F00", "DDF1", "EF05", "EF06", "EF07", "EF08", "EF55", "EF80", "EF81", "FFFF"])
NAMES = st.sampled_from([SSSE_NAME, SSSE_NAME, MF_NAME, SSSE_NAME[:-2], MF_NAME + "00", "A000000333010101"])
PATHS = st.sampled_from(
    ["DDF1", "DDF1EF05", "DDF1EF07", "EF06", "DDF1EF55", "DDF1EF05EF06", "3F00DDF1", "DDF1EF", "EF"]
)
PINS = st.sampled_from(["123456", "123456", "654321", "1234", "123456FFFF", "99", "12345678901234"])
LE = st.sampled_from(["", "00", "01", "06", "0B", "12", "20", "FF"])
NUMBER = st.sampled_from([0, 1, 2, 3, 7, 8, 9, 0x0A, 0x4E, 0xFF])
SFI = st.sampled_from([0, 0, 5, 6, 7, 8, 0x15, 0x1F])


def with_data(header: str, data: str) -> str:
    return header + (f"{len(data) // 2:02X}{data}" if data else "")


class CardAgainstModel(RuleBasedStateMachine):
    bench: Bench
    model: Model

    @initialize()
    def insert(self) -> None:
        self.bench = bench("gen2")
        self.model = Model()

    def both(self, command: str) -> None:
        before = self.bench.state
        answer = self.bench.t0(command)
        assert answer == self.model.transmit(command), command
        if answer == "6581":
            assert self.bench.state._replace(memory=b"") == before._replace(memory=b"")

    @rule(
        p2=st.sampled_from(["00", "00", "00", "0C", "02", "04"]),
        data=FIDS,
        p1=st.sampled_from(["00", "00", "01", "02"]),
    )
    def select_fid(self, p1: str, p2: str, data: str) -> None:
        self.both(with_data(f"00A4{p1}{p2}", data))

    @rule(name=NAMES, p2=st.sampled_from(["00", "00", "0C", "02", "01"]))
    def select_name(self, name: str, p2: str) -> None:
        self.both(with_data(f"00A404{p2}", name))

    @rule()
    def select_hrss(self) -> None:
        self.both(with_data("00A40400", SSSE_NAME))

    @rule(path=PATHS, p1=st.sampled_from(["08", "09"]))
    def select_path(self, p1: str, path: str) -> None:
        self.both(with_data(f"00A4{p1}00", path))

    @rule(p1=st.sampled_from(["00", "01", "03", "05", "08"]), data=st.sampled_from(["", "", "EF", "EF05", "EF0500"]))
    def select_otherwise(self, p1: str, data: str) -> None:
        self.both(with_data(f"00A4{p1}00", data))

    @rule(number=NUMBER, sfi=SFI, mode=st.sampled_from([0, 4, 5, 4, 0, 1, 7]), le=LE)
    def read_record(self, number: int, sfi: int, mode: int, le: str) -> None:
        self.both(f"00B2{number:02X}{sfi << 3 | mode:02X}{le}")

    @rule(p1=st.sampled_from([0, 0, 0x7F, 0x80, 0x85, 0x87, 0x95, 0xA7, 0xC5, 0xE0]), p2=NUMBER, le=LE)
    def read_binary(self, p1: int, p2: int, le: str) -> None:
        self.both(f"00B0{p1:02X}{p2:02X}{le}")

    @rule(
        pin=PINS, p1=st.sampled_from(["00", "00", "00", "01"]), p2=st.sampled_from(["00", "00", "00", "01", "80", "20"])
    )
    def verify(self, p1: str, p2: str, pin: str) -> None:
        self.both(with_data(f"0020{p1}{p2}", pin))

    @rule(pin=st.sampled_from(["123456", "654321", "1234"]))
    def verify_plainly(self, pin: str) -> None:
        self.both(with_data("00200000", pin))

    @rule(le=st.sampled_from(["", "00"]))
    def query(self, le: str) -> None:
        self.both("00200000" + le)

    @rule(
        old=PINS,
        new=PINS,
        separator=st.sampled_from(["FF", "FF", "FF", "", "FFFF"]),
        p1=st.sampled_from(["01", "01", "01", "00"]),
    )
    def change_pin(self, p1: str, old: str, separator: str, new: str) -> None:
        self.both(with_data(f"805E{p1}00", old + separator + new))

    @rule(
        p1p2=st.sampled_from(["0000", "0000", "0000", "0001"]),
        le=st.sampled_from(["", "00", "01", "08", "12", "18", "20"]),
    )
    def get_response(self, p1p2: str, le: str) -> None:
        self.both(f"00C0{p1p2}{le}")

    @rule(after=st.integers(0, 2))
    def break_the_store(self, after: int) -> None:
        self.bench.journal.fail_after = self.model.fail_after = after

    @rule(event=st.sampled_from(["reset", "power_on", "power_off"]))
    def power(self, event: str) -> None:
        getattr(self.bench.port, event)()
        self.model.reset()

    @invariant()
    def the_store_has_the_memory(self) -> None:
        replayed = bytearray(self.bench.image)
        for commit in self.bench.journal.commits:
            for offset, data in commit:
                replayed[offset : offset + len(data)] = data
        assert replayed == self.bench.memory.view


CardAgainstModel.TestCase.settings = hypothesis.settings(max_examples=100, stateful_step_count=50, deadline=None)
TestCardAgainstModel: Any = CardAgainstModel.TestCase
