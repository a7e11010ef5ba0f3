from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu import Atr, AtrError, Convention, InterfaceByte, build_atr, explain_atr
from apdu.interface_bytes import NAMES

# facts hrss-card 7: historical bytes = 00, chip and COS, manufacturer, city, serial.
SOCIAL_SECURITY_CARDS = (
    "0081008843866533010114F199",
    "00814E43238697159900BF7C7A",
    "0096544CA08684440300506407",
    "0081544C9286844403006CFEED",
    "0081544C9786843202AD932A48",
    "0081544C978684440608029A37",
    "0081544C9686843308070769BE",
    "0081544C9686843308070769C2",
    "00814842468653330399110143",
    "0096DF21018649542600028141",
    "008C544CB386844116018593CA",
    "0081544C9686843716008F3D97",
    "0081544C968684510100035676",
    "0087CF20018649618B00930612",
    "0087CF20018649618C009773F5",
    "00905431168660130425001C4E",
)
JCOP = "3BF81300008131FE454A434F5076323431B7"
EMV_WITHOUT_TCK = "3BDF18FF8091FE1FC3003138644790ECC273140150829000"  # facts native-card-os 10
INTERFACE_LABELS = [f"{name}{group}" for group in range(1, 5) for name in ("TA", "TB", "TC")]


def parse(text: str) -> Atr:
    return Atr.parse(bytes.fromhex(text))


@pytest.mark.parametrize("historical", SOCIAL_SECURITY_CARDS)
def test_social_security_cards(historical: str) -> None:
    atr = parse(f"3B6D0000{historical}")
    assert atr.convention is Convention.DIRECT
    assert atr.historical_bytes.hex().upper() == historical
    assert atr.interface_bytes == ((1, "TB", 0), (1, "TC", 0))
    assert [item.label for item in atr.interface_bytes] == ["TB1", "TC1"]
    assert atr.protocols == (0,)
    assert (atr.tck, atr.tck_ok, atr.trailing, atr.problems) == (None, True, b"", ())
    assert build_atr(bytes.fromhex(historical), interface={"TB1": 0, "TC1": 0}) == atr


def test_an_atr_is_its_wire_bytes() -> None:
    atr = parse(JCOP)
    assert isinstance(atr, bytes)
    assert atr == bytes.fromhex(JCOP)
    for copied in (copy.copy(atr), pickle.loads(pickle.dumps(atr))):  # noqa: S301 -- our own bytes
        assert copied.interface_bytes == atr.interface_bytes


def test_interface_bytes_of_a_t1_card() -> None:
    atr = parse(JCOP)
    assert atr.interface_bytes == (
        InterfaceByte(1, "TA", 0x13),
        InterfaceByte(1, "TB", 0x00),
        InterfaceByte(1, "TC", 0x00),
        InterfaceByte(1, "TD", 0x81),
        InterfaceByte(2, "TD", 0x31),
        InterfaceByte(3, "TA", 0xFE),
        InterfaceByte(3, "TB", 0x45),
    )
    assert atr.historical_bytes == b"JCOPv241"
    assert (atr.indicated, atr.protocols) == ((1, 1), (1,))
    assert (atr.tck, atr.tck_ok, atr.problems) == (0xB7, True, ())
    assert (
        build_atr(b"JCOPv241", protocols=(1,), interface={"TA1": 0x13, "TB1": 0, "TC1": 0, "TA3": 0xFE, "TB3": 0x45})
        == atr
    )


@pytest.mark.parametrize(
    ("text", "protocols", "tck"),
    [
        ("3B6B000020900000000000B0A2BD69", (0,), None),  # facts transit-campus-health-zones 6: contact FM1280
        ("3B6C0002533186380000000000000000", (0,), None),  # facts native-card-os 10: the form of SmartCOS
        ("3B8F800186384D574F4850CF1E4D2B1211291070", (0, 1), 0x70),
        ("3B888001FD01102020103000C5", (0, 1), 0xC5),
        ("3BA70040188065A208010152", (0,), None),  # explicit T=0, TC2; from the manual of ATR_analysis
        ("3B00", (0,), None),
    ],
)
def test_other_real_cards(text: str, protocols: tuple[int, ...], tck: int | None) -> None:
    atr = parse(text)
    assert (atr.protocols, atr.tck, atr.problems) == (protocols, tck, ())


def test_inverse_convention() -> None:
    assert parse("3F00").convention is Convention.INVERSE
    assert build_atr(b"\x01", convention=Convention.INVERSE) == bytes.fromhex("3F0101")


def test_a_wrong_tck_is_reported_and_read() -> None:
    atr = parse("3B8D80010081544C9686843716008F3D9706")
    assert (atr.tck, atr.tck_ok) == (0x06, False)
    assert atr.historical_bytes.hex() == "0081544c9686843716008f3d97"
    assert [problem.en for problem in atr.problems] == ["TCK is 06, 05 expected"]
    assert atr.problems[0].zh == "TCK 为 06,应为 05"


def test_a_missing_tck_is_reported() -> None:
    atr = parse(EMV_WITHOUT_TCK)
    assert (atr.tck, atr.tck_ok, atr.trailing) == (None, False, b"")
    assert [problem.en for problem in atr.problems] == ["TCK is missing, BB expected"]


@pytest.mark.parametrize(
    ("text", "trailing"),
    [("3B6D00000081008843866533010114F19990", "90"), ("3B000102", "0102"), ("3B80800101AABB", "AABB")],
)
def test_bytes_behind_the_end_are_reported(text: str, trailing: str) -> None:
    atr = parse(text)
    assert atr.trailing.hex().upper() == trailing
    assert atr.tck_ok
    assert len(atr.problems) == 1
    assert "behind the end" in atr.problems[0].en


@pytest.mark.parametrize(
    ("text", "sound"), [("3B80811F9E", True), ("3B808F010E", False), ("3B80818000", False), ("3B801F00", False)]
)
def test_protocols_must_rise_and_t15_must_not_lead(text: str, *, sound: bool) -> None:
    out_of_order = [problem for problem in parse(text).problems if "out of order" in problem.en]
    assert bool(out_of_order) is not sound


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "2 to 33 bytes; these are 0"),
        ("3B", "2 to 33 bytes; these are 1"),
        ("3B" + "00" * 33, "2 to 33 bytes; these are 34"),
        ("0300", "TS is 03"),
        ("3C00", "TS is 3C"),
        ("3B10", "ends before TA1"),
        ("3BF01100", "ends before TC1"),
        ("3B8080", "ends before TD2"),
        ("3B80818131", "ends before TA4"),
        ("3B6D0000008100884386", "13 historical bytes, 7 of them are missing"),
    ],
)
def test_what_can_not_be_followed_is_refused(text: str, message: str) -> None:
    with pytest.raises(AtrError, match=message) as caught:
        parse(text)
    assert any("\u4e00" <= character <= "\u9fff" for character in caught.value.text.zh)


@given(
    historical=st.binary(max_size=15),
    protocols=st.lists(st.integers(0, 14), min_size=1, max_size=3, unique=True).map(sorted),
    interface=st.dictionaries(st.sampled_from(INTERFACE_LABELS), st.integers(0, 0xFF), max_size=10),
    convention=st.sampled_from(Convention),
)
def test_build_and_parse_round_trip(
    historical: bytes, protocols: list[int], interface: dict[str, int], convention: Convention
) -> None:
    atr = build_atr(historical, protocols=protocols, interface=interface, convention=convention)
    again = Atr.parse(bytes(atr))
    assert again.convention is convention
    assert again.historical_bytes == historical
    assert again.protocols == tuple(protocols)
    assert {item.label: item.value for item in again.interface_bytes if item.name != "TD"} == interface
    assert again.problems == ()


@pytest.mark.parametrize(
    ("arguments", "wire"),
    [
        ({}, "3B00"),
        ({"protocols": (0, 1)}, "3B80800101"),
        ({"protocols": (1,), "interface": {"TA3": 0xFE}}, "3B808111FEEE"),
        ({"protocols": (0,), "interface": {"TC2": 0x18}}, "3B804018"),
        (
            {"protocols": (0, 1, 15), "interface": {"TA1": 0x18, "TC1": 0xFF, "TA3": 0xFE, "TA4": 0xC3}},
            "3BD018FF8091FE1FC304",
        ),
    ],
)
def test_td_and_tck_are_computed(arguments: dict[str, object], wire: str) -> None:
    assert build_atr(b"", **arguments).hex().upper() == wire  # type: ignore[arg-type]  # arguments are of several types


@pytest.mark.parametrize(
    ("historical", "arguments", "message"),
    [
        (bytes(16), {}, "16 historical bytes"),
        (b"", {"protocols": ()}, "at least one"),
        (b"", {"protocols": (16,)}, "each 0 to 15"),
        (b"", {"interface": {"TD1": 0}}, "interface byte TD1"),
        (b"", {"interface": {"TA0": 0}}, "interface byte TA0"),
        (b"", {"interface": {"TA1": 256}}, "interface byte TA1=256"),
        (b"", {"interface": {"TA33": 0}}, "2 to 33 bytes"),
        (bytes(15), {"interface": dict.fromkeys([*INTERFACE_LABELS, "TA5"], 0)}, "2 to 33 bytes"),
    ],
)
def test_what_does_not_fit_is_not_built(historical: bytes, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(AtrError, match=message):
        build_atr(historical, **arguments)  # type: ignore[arg-type]  # arguments are of several types


@pytest.mark.parametrize(
    ("text", "lines"),
    [  # the figures are those ATR_analysis of pcsc-tools gives
        (
            "3B6D00000081008843866533010114F199",
            [
                "TS=3B: direct convention",
                "T0=6D: 13 historical bytes; followed by TB1 TC1",
                "TB1=00: VPP not connected",
                "TC1=00: guard time: 12 etu and 0 extra",
                "historical bytes: 00 81 00 88 43 86 65 33 01 01 14 F1 99",
                "category indicator 00: not COMPACT-TLV, the issuer's own format",
                "no TCK, as T=0 is the only protocol",
            ],
        ),
        (
            EMV_WITHOUT_TCK,
            [
                "TA1=18: Fi=372, Di=12: 31 clock cycles per bit, 161290 bit/s at the highest clock, 5 MHz",
                "TC1=FF: guard time: the least, 12 etu under T=0, 11 under T=1",
                "TD2=91: protocol T=1; followed by TA3 TD3",
                "TA3=FE: IFSC=254: blocks of up to 254 bytes to the card",
                "TD3=1F: T=15, global bytes; followed by TA4",
                "TA4=C3: clock stop: in any state; supply: A (5 V), B (3 V)",
                "wrong: TCK is missing, BB expected",
            ],
        ),
        (
            JCOP,
            [
                "TA1=13: Fi=372, Di=4: 93 clock cycles per bit, 53763 bit/s at the highest clock, 5 MHz",
                "TB3=45: BWI=4: 11 etu and 5713920 clock cycles to the answer; CWI=5: 43 etu between characters",
                "TCK=B7: right",
            ],
        ),
        ("3BA70040188065A208010152", ["TC2=18: WI=24: work waiting time 24 x 960 x Fi = 23040 x Fi clock cycles"]),
    ],
)
def test_explanation(text: str, lines: list[str]) -> None:
    explained = [line.en for line in explain_atr(parse(text))]
    assert [line for line in explained if line in lines] == lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("3B00", ["no TA1, by default: Fi=372, Di=1:", "no TC1, by default: guard", "no TC2, by default: WI=10:"]),
        (
            "3B808101",
            ["no TA1, by default: Fi=372, Di=1:", "no TC1, by default: guard", "no TA (T=1), by default: IFSC=32:"],
        ),
        ("3BD018FF8091FE1FC304", ["no TC2, by default: WI=10:"]),
    ],
)
def test_defaults_of_absent_bytes_are_told(text: str, lines: list[str]) -> None:
    explained = [line.en for line in explain_atr(parse(text)) if line.en.startswith("no T") and "TCK" not in line.en]
    assert len(explained) == len(lines)
    assert all(line.startswith(start) for line, start in zip(explained, lines, strict=True))


def test_explanation_in_chinese() -> None:
    explained = [line.zh for line in explain_atr(parse("3B6D00000081008843866533010114F199"))]
    assert explained[:3] == ["TS=3B: 正向约定", "T0=6D: 13 个历史字节; 后续 TB1 TC1", "TB1=00: VPP 未连接"]


def test_every_interface_byte_can_be_explained() -> None:
    for name in NAMES:
        for group, protocol in ((1, 0), (2, 0), (3, 0), (3, 1), (4, 15)):
            for value in range(256):
                meaning = InterfaceByte(group, name, value).meaning(protocol)
                assert meaning.en
                assert meaning.zh


@pytest.mark.parametrize(
    ("item", "protocol", "meaning"),
    [
        (InterfaceByte(1, "TA", 0x96), 0, "Fi=512, Di=32: 16 clock cycles per bit, 312500 bit/s"),
        (InterfaceByte(1, "TA", 0x10), 0, "reserved"),
        (InterfaceByte(1, "TA", 0x71), 0, "reserved"),
        (InterfaceByte(1, "TB", 0x25), 0, "programming voltage 5 V"),
        (InterfaceByte(2, "TB", 0x7D), 0, "programming voltage 12.5 V"),
        (InterfaceByte(2, "TA", 0x81), 1, "specific mode, T=1; Fi and Di of TA1; cannot change"),
        (InterfaceByte(2, "TA", 0x10), 0, "specific mode, T=0; own Fi and Di; can change"),
        (InterfaceByte(2, "TC", 0x00), 0, "reserved"),
        (InterfaceByte(3, "TA", 0x20), 1, "IFSC=32"),
        (InterfaceByte(3, "TA", 0xFF), 1, "reserved"),
        (InterfaceByte(3, "TA", 0x20), 0, "no meaning known"),
        (InterfaceByte(3, "TB", 0xA0), 1, "BWI=10: reserved"),
        (InterfaceByte(3, "TC", 0x00), 1, "blocks end in LRC"),
        (InterfaceByte(3, "TC", 0x01), 1, "blocks end in CRC"),
        (InterfaceByte(3, "TC", 0x02), 1, "reserved"),
        (InterfaceByte(3, "TA", 0x07), 15, "clock stop: not supported; supply: A (5 V), B (3 V), C (1.8 V)"),
        (InterfaceByte(3, "TB", 0x00), 15, "contact C6 not used"),
        (InterfaceByte(3, "TB", 0x81), 15, "contact C6: proprietary use"),
        (InterfaceByte(3, "TB", 0x01), 15, "contact C6: standard use"),
    ],
)
def test_meaning_of_interface_bytes(item: InterfaceByte, protocol: int, meaning: str) -> None:
    assert item.meaning(protocol).en.startswith(meaning)
