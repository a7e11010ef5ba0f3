"""Cyclic files against a deque, variable files against a list: writes in every form, over power cycles."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardsim.chip.errors import MemoryDamagedError
from cardsim.chip.layout import RIGHT_FREE, FileType, Header
from tests.unit.chip.bench import Bench
from tests.unit.chip.images import card, directory, file

if TYPE_CHECKING:
    from collections.abc import Iterable

HERE = "00A4000002A001"
CYCLIC_FORMS = ("00DC0063", "00DC0164", "00E20060", "00E20064", "00DC0003", "00DC0104", "00E20000", "00E20004")
"""By SFI, then of the current EF (facts hrss-card 3, native-card-os 4)."""
SELECT_EF = "00A4000002EF0C"


def cyclic_card(oldest_first: Iterable[bytes], first: int = 1) -> bytes:
    """A card whose only EF is cyclic and free; the oldest record has number byte ``first``."""
    body = b"".join(bytes(((first + place - 1) % 255 + 1,)) + record for place, record in enumerate(oldest_first))
    size = len(next(iter(oldest_first)))
    header = Header(0xEF0C, FileType.CYCLIC, len(body), RIGHT_FREE, RIGHT_FREE, extra=size).encode()
    behind = file(0xEF0D, b"STILL THERE")
    ef = directory(0xA001, b"", header + body, behind)
    return card(ef, size=len(ef) + 64)


def assert_cyclic(bench: Bench, newest_first: deque[bytes]) -> None:
    """Every record by its number, all of them, and none besides."""
    bench.run(HERE, SELECT_EF)
    for number, record in enumerate(newest_first, 1):
        assert bench.send(f"00B2{number:02X}0400") == record.hex().upper() + "9000"
    assert bench.send("00B2016500") == b"".join(newest_first)[:256].hex().upper() + "9000"
    assert bench.send("00B2000400") == bench.send(f"00B2{len(newest_first) + 1:02X}0400") == "6A83"
    assert bench.send("00B08D0000") == b"STILL THERE".hex().upper() + "9000"
    bench.run(SELECT_EF)


STEP = st.one_of(
    st.tuples(st.just("write"), st.sampled_from(CYCLIC_FORMS), st.sampled_from([1, 1, 1, 2, 3, 7, 254, 255, 256, 600])),
    st.tuples(st.sampled_from(["reset", "reopen", "store fails", "too long", "too short"]), st.just(""), st.just(0)),
)


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 9), st.integers(1, 12), st.integers(1, 255), st.lists(STEP, max_size=12))
def test_a_cyclic_file_is_a_deque(count: int, size: int, first: int, steps: list[tuple[str, str, int]]) -> None:
    model = deque((bytes((0xF0 - place,)) * size for place in range(count)), count)
    bench = Bench(cyclic_card(list(reversed(model)), first))
    bench.run(HERE, SELECT_EF)
    serial = 0
    for action, form, times in steps:
        match action:
            case "write":
                for _ in range(times):
                    serial += 1
                    record = (serial % 256**size).to_bytes(size, "big")
                    assert bench.send(f"{form}{size:02X}{record.hex()}") == "9000"
                    model.appendleft(record)
            case "reset":
                bench.port.reset()
            case "reopen":
                bench = Bench(bytes(bench.memory.view))
            case "store fails":
                bench.journal.fail_after = 0
                assert bench.send(f"00DC0104{size:02X}{size * 'EE'}") == "6581"
            case "too long":
                assert bench.send(f"00E20004{size + 1:02X}{(size + 1) * 'EE'}") == "6700"
            case "too short":
                assert bench.send("00DC0003" + (f"{size - 1:02X}{(size - 1) * 'EE'}" if size > 1 else "")) == "6700"
        assert_cyclic(bench, model)


@pytest.mark.parametrize("count", [1, 2, 253, 254])
def test_the_number_byte_wraps_at_every_count_of_records(count: int) -> None:
    model = deque((bytes((0, place)) for place in range(count)), count)
    bench = Bench(cyclic_card(list(reversed(model))))
    bench.run(HERE)
    for number in range(256, 256 + 600):
        assert bench.send(f"00DC006302{number:04X}") == "9000"
        model.appendleft(number.to_bytes(2, "big"))
        assert bench.send("00B2016400") == f"{number:04X}9000"
        assert bench.send(f"00B2{count:02X}6400") == f"{model[-1].hex().upper()}9000"
    assert_cyclic(Bench(bytes(bench.memory.view)), model)


@pytest.mark.parametrize("size", [0, 2, 8, 255 * 3, 256 * 3])
def test_a_cyclic_file_of_none_of_too_many_or_of_broken_records_is_no_file(size: int) -> None:
    header = Header(0xEF0C, FileType.CYCLIC, size, RIGHT_FREE, RIGHT_FREE, extra=2).encode()
    with pytest.raises(MemoryDamagedError, match=f"cyclic file EF0C: {size} bytes are no 1 to 254 records"):
        Bench(card(directory(0xA001, b"", header + bytes(size))))


@pytest.mark.parametrize(("form", "name"), [("00DC0063", "UPDATE RECORD"), ("00E20060", "APPEND RECORD")])
def test_a_wrong_length_is_told_of_the_command_that_was_sent(form: str, name: str) -> None:
    bench = Bench(cyclic_card([b"AB"]))
    assert bench.run(HERE, f"{form}01EE") == "6700"
    assert str(bench.card.last_refusal) == f"6700: {name} takes 2 data bytes, 1 came"


# --- variable files ---

TLV = st.tuples(st.sampled_from([0x21, 0x22, 0x23]), st.binary(max_size=6)).map(
    lambda parts: bytes((parts[0], len(parts[1]))) + parts[1]
)
VARIABLE_STEP = st.one_of(
    st.tuples(st.just("append"), TLV, st.just(0)),
    st.tuples(st.just("by number"), TLV, st.integers(0, 6)),
    st.tuples(st.just("by tag"), TLV, st.just(0)),
    st.tuples(st.sampled_from(["reset", "reopen", "store fails"]), TLV, st.just(0)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(TLV, max_size=3), st.integers(0, 30), st.lists(VARIABLE_STEP, max_size=15))
def test_a_variable_file_is_a_list(records: list[bytes], spare: int, steps: list[tuple[str, bytes, int]]) -> None:
    body = b"".join(records)
    capacity = len(body) + spare
    content = len(body).to_bytes(2, "big") + body + bytes(spare)
    bench = Bench(
        card(directory(0xA001, b"", file(0xEF05, content, FileType.VARIABLE, update=RIGHT_FREE), file(0xEF06, b"END")))
    )
    bench.run(HERE)
    model = list(records)
    for action, tlv, number in steps:
        data = f"{len(tlv):02X}{tlv.hex()}"
        match action:
            case "append":
                fits = sum(map(len, model)) + len(tlv) <= capacity
                assert bench.send(f"00E2002C{data}") == ("9000" if fits else "6A84")
                if fits:
                    model.append(tlv)
            case "by number":
                place = number - 1 if 1 <= number <= len(model) else None
                assert bench.send(f"00DC{number:02X}2C{data}") == replaced(model, place, tlv)
            case "by tag":
                place = next((place for place, record in enumerate(model) if record[0] == tlv[0]), None)
                assert bench.send(f"00DC{tlv[0]:02X}28{data}") == replaced(model, place, tlv)
            case "reset":
                bench.port.reset()
            case "reopen":
                bench = Bench(bytes(bench.memory.view))
            case "store fails":
                bench.journal.fail_after = 0
                assert bench.send(f"00E2002C{data}") in ("6581", "6A84")
                bench.journal.fail_after = None
        bench.run(HERE)
        everything = b"".join(model).hex().upper()
        assert bench.send("00B2012D00") == (f"{everything}9000" if model else "6A83")
        assert bench.send("00B0860000") == b"END".hex().upper() + "9000"


def replaced(model: list[bytes], place: int | None, tlv: bytes) -> str:
    """Replace a record of the model, and say how the card answers: same length, same tag, or refused."""
    if place is None:
        return "6A83"
    if len(model[place]) != len(tlv):
        return "6700"
    if model[place][0] != tlv[0]:
        return "6A80"
    model[place] = tlv
    return "9000"
