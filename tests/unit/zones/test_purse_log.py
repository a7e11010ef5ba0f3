"""The record of a purse's log."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cardsim.zones.purse_log import LOG_SIZE, LogRecord

SAMPLE = bytes.fromhex("042d000000000001f40930008900034020241229141740")
"""A real one (facts transit-campus-health-zones 2.3)."""

records = st.builds(
    LogRecord,
    number=st.integers(0, 0xFFFF),
    limit=st.integers(0, 0xFFFFFF),
    amount=st.integers(0, 0xFFFF_FFFF),
    type=st.integers(1, 0xFE),
    terminal=st.binary(min_size=6, max_size=6),
    when=st.binary(min_size=7, max_size=7),
)


def test_a_published_record() -> None:
    record = LogRecord.parse(SAMPLE)
    terminal, when = bytes.fromhex("300089000340"), bytes.fromhex("20241229141740")
    assert record == LogRecord(0x042D, 0, 500, 0x09, terminal, when)
    assert record.encode() == SAMPLE


@given(records)
def test_a_record_comes_back(record: LogRecord) -> None:
    raw = record.encode()
    assert len(raw) == LOG_SIZE
    assert LogRecord.parse(raw) == record


@given(st.binary(max_size=30))
def test_any_bytes_are_a_record_or_none(raw: bytes) -> None:
    record = LogRecord.parse(raw)
    assert record is None or record.encode() == raw
    assert (record is None) == (len(raw) != LOG_SIZE or raw[9] in (0x00, 0xFF))
