from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu import AtrError, Ats, build_ats, explain_ats

# facts native-card-os 10: FMCOS 2.0 on FM1208.
FMCOS = "10788090022090000000000066799D24"
OPTIONAL_BYTE = st.none() | st.integers(0, 0xFF)


def parse(text: str) -> Ats:
    return Ats.parse(bytes.fromhex(text))


def test_a_real_chip() -> None:
    ats = parse(FMCOS)
    assert isinstance(ats, bytes)
    assert (ats.t0, ats.ta1, ats.tb1, ats.tc1) == (0x78, 0x80, 0x90, 0x02)
    assert ats.historical_bytes.hex().upper() == "2090000000000066799D24"
    assert (ats.fsci, ats.fsc, ats.fwi, ats.sfgi, ats.sfgt_us) == (8, 256, 9, 0, 0.0)
    assert ats.fwt_us == pytest.approx(154_657.2, abs=0.1)
    assert (ats.nad, ats.cid) == (False, True)
    assert build_ats(bytes.fromhex("2090000000000066799D24"), fsci=8, ta1=0x80, tb1=0x90, tc1=2) == ats
    assert copy.copy(ats).tb1 == 0x90


def test_an_ats_of_tl_alone_has_the_defaults() -> None:
    ats = parse("01")
    assert (ats.t0, ats.ta1, ats.tb1, ats.tc1, ats.historical_bytes) == (None, None, None, None, b"")
    assert (ats.fsci, ats.fsc, ats.fwi, ats.sfgi, ats.nad, ats.cid) == (2, 32, 4, 0, False, True)
    assert ats.fwt_us == pytest.approx(4_833.04, abs=0.01)


def test_frame_sizes() -> None:
    sizes = [build_ats(fsci=fsci).fsc for fsci in range(16)]
    assert sizes == [16, 24, 32, 40, 48, 64, 96, 128, 256, 512, 1024, 2048, 4096, 4096, 4096, 4096]


@pytest.mark.parametrize(
    ("tb1", "fwi", "fwt_us", "sfgi", "sfgt_us"),
    [
        (0x00, 0, 302.06, 0, 0.0),
        (0x41, 4, 4_833.04, 1, 604.13),
        (0xA0, 10, 309_314.45, 0, 0.0),
        (0xEE, 14, 4_949_031.27, 14, 4_949_031.27),
        (0xFF, 4, 4_833.04, 0, 0.0),
    ],
)
def test_times(tb1: int, fwi: int, fwt_us: float, sfgi: int, sfgt_us: float) -> None:
    ats = build_ats(tb1=tb1)
    assert (ats.fwi, ats.sfgi) == (fwi, sfgi)
    assert ats.fwt_us == pytest.approx(fwt_us, abs=0.01)
    assert ats.sfgt_us == pytest.approx(sfgt_us, abs=0.01)


@pytest.mark.parametrize(
    ("text", "historical"),
    [
        ("0200", ""),
        ("0578807002", ""),
        ("067577810280", "80"),  # facts terminal-interface 7.1
        ("0C7877740377433253010002", "77433253010002"),
    ],
)
def test_where_the_historical_bytes_begin(text: str, historical: str) -> None:
    assert parse(text).historical_bytes.hex() == historical


@given(
    historical=st.binary(max_size=249), fsci=st.integers(0, 15), ta1=OPTIONAL_BYTE, tb1=OPTIONAL_BYTE, tc1=OPTIONAL_BYTE
)
def test_build_and_parse_round_trip(
    historical: bytes, fsci: int, ta1: int | None, tb1: int | None, tc1: int | None
) -> None:
    ats = Ats.parse(bytes(build_ats(historical, fsci=fsci, ta1=ta1, tb1=tb1, tc1=tc1)))
    assert (ats.historical_bytes, ats.fsci, ats.ta1, ats.tb1, ats.tc1) == (historical, fsci, ta1, tb1, tc1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1 to 254 bytes; these are 0"),
        ("FF" + "00" * 254, "these are 255"),
        ("00", "TL says 0 bytes, there are 1"),
        ("02", "TL says 2 bytes, there are 1"),
        ("7877740377433253010002", "TL says 120 bytes, there are 11"),  # as some tools print it, without TL
        ("0178", "TL says 1 bytes, there are 2"),
        ("0278", "ends before TA1"),
        ("037880", "ends before TB1"),
        ("0260", "ends before TB1"),
        ("036000", "ends before TC1"),
    ],
)
def test_what_can_not_be_followed_is_refused(text: str, message: str) -> None:
    with pytest.raises(AtrError, match=message) as caught:
        parse(text)
    assert "ATS" in caught.value.text.zh or "TL" in caught.value.text.zh


def test_what_does_not_fit_is_not_built() -> None:
    with pytest.raises(AtrError, match="FSCI is 16"):
        build_ats(fsci=16)
    with pytest.raises(AtrError, match="TB1 is 256"):
        build_ats(tb1=256)
    with pytest.raises(AtrError, match="would have 255 bytes"):
        build_ats(bytes(253))
    assert len(build_ats(bytes(252))) == 254


def test_explanation() -> None:
    explained = [line.en for line in explain_ats(parse(FMCOS))]
    assert explained[:6] == [
        "TL=10: length 16",
        "T0=78: FSCI=8: frames of up to 256 bytes to the card",
        "TA1=80: sends 106, takes 106 kbit/s; the same rate both ways",
        "TB1=90: FWI=9: answers begin within 154657 µs; SFGI=0: wait 0 µs after the ATS",
        "TC1=02: NAD no, CID yes",
        "historical bytes: 20 90 00 00 00 00 00 66 79 9D 24",
    ]


def test_explanation_of_defaults_in_chinese() -> None:
    explained = [line.zh for line in explain_ats(parse("01"))]
    assert explained == [
        "TL=01: 长度 1",
        "无 T0,默认: FSCI=2: 卡接收的帧最多 32 字节",
        "无 TA1,默认: 发送 106、接收 106 kbit/s",
        "无 TB1,默认: FWI=4: 应答在 4833 µs 内开始; SFGI=0: ATS 后等待 0 µs",
        "无 TC1,默认: NAD 不支持,CID 支持",
        "无历史字节",
    ]


@pytest.mark.parametrize(
    ("ta1", "meaning"),
    [
        (0x00, "sends 106, takes 106 kbit/s"),
        (0x12, "sends 106/212, takes 106/424 kbit/s"),
        (0x77, "sends 106/212/424/848, takes 106/212/424/848 kbit/s"),
        (0x7F, "sends 106, takes 106 kbit/s"),
    ],
)
def test_bit_rates(ta1: int, meaning: str) -> None:
    assert f"TA1={ta1:02X}: {meaning}" in [line.en for line in explain_ats(build_ats(ta1=ta1))]
