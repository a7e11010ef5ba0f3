# ruff: noqa: E501  one row, one line
"""Every refused case of the native commands: the status word, its reason in words, and nothing has changed.

``charged``: a failure counter is one lower. A right MAC gives its try back, so the memory is as before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING

import pytest

from tests.unit.chip.fault import explains
from tests.unit.native.cards import DF, DF_KEYS, INTO_DF, INTO_MF, KEYS, MASTER, MF, MF_KEYS, Native, macced

if TYPE_CHECKING:
    from collections.abc import Mapping

K1 = KEYS["K1"]
CHALLENGE = "0084000004"
FRESH = "11" * 4
"""What the first challenge of a card is."""
MADE = (MF, MF_KEYS, MASTER)
FILES = (
    MF,
    MF_KEYS.replace("0050", "00A0"),
    MASTER,
    "80D401000D36F0F0FF33" + KEYS["K8"],
    "80D40100083AF0EF0133123456",
    "80D40101083AF0EF0133654321",
    "80D401021530110F0000" + K1,
    "80E00001072A0203F0F0FFFF",
    "80E00002072C0010F0F0FFFF",
    "80E00003072E0203F0F0FFFF",
    "80E0000407280008F0F0FFFF",
    "80E0000507A80008F0F0FFFF",
    "80E0000607280008EFEFFFFF",
    "80E0000707280008F0F0FF7F",
    "80E0000807E80008F0F0FFFF",
    DF,
    INTO_MF,
)
WALLET = (*FILES, INTO_DF, DF_KEYS, "80D401000D36F0F0FF33" + KEYS["K8"], "80E0000107280008F0F0FFFF", INTO_DF)
ADD = "80D401010D30F0F00000" + KEYS["K8"]


@dataclass(frozen=True)
class Row:
    name: str
    before: tuple[str, ...]
    command: str
    sw: str
    settings: Mapping[str, object] = field(default_factory=dict)
    charged: bool = False


def mac(command: str, key: str = KEYS["K8"]) -> str:
    return macced(key, command, bytes.fromhex(FRESH))


def blocks(first: str, p2: str = "00") -> str:
    return mac(f"84{first}00{p2}04")


ROWS = (
    # --- no MF ---
    *(
        Row(f"blank: {command}", (), command, "6A81")
        for command in ("0084000008", "00A40000023F00", "800E0000", "80D401000430F0F0F0", "FFFFFFFF", "80E0000007280008F0F0FFFF")
    ),
    Row("MF: wrong transport code", (), MF[:-2] + "00", "6982"),
    Row("MF: another transport code", (), MF, "6982", {"native_transport_key": "0102030405060708"}),
    Row("MF: too short", (), "80E03F000C38FFFFF0F001FFFFFFFFFFFF", "6700"),
    Row("MF: of another type", (), "80E03F000D28" + MF[12:], "6700"),
    Row("MF: larger than the memory", (), "80E03F000D38FFFEF0F001" + "FF" * 7, "6A84"),
    Row("MF: no data", (), "80E03F00", "6700"),
    # --- CREATE FILE ---
    Row("CREATE: the MF again", MADE, MF, "6A86"),
    Row("CREATE: a FID again", FILES, "80E0000407280008F0F0FFFF", "6A86"),
    Row("CREATE: the key file again", FILES, MF_KEYS, "6A86"),
    Row("CREATE: a key file of another FID", (MF,), "80E00001073F005001F0FFFF", "6A86"),
    Row("CREATE: the key file behind another", (MF, "80E0000107280008F0F0FFFF"), MF_KEYS, "6A80"),
    Row("CREATE: too short", MADE, "80E0000106280008F0F0FF", "6700"),
    Row("CREATE: too long", MADE, "80E0000108280008F0F0FFFFFF", "6700"),
    Row("CREATE: name of 4", MADE, "80E03F010C381000F0F095FFFF01020304", "6700"),
    Row("CREATE: name of 17", MADE, "80E03F0119381000F0F095FFFF" + "01" * 17, "6700"),
    Row("CREATE: unknown type", MADE, "80E0000107290008F0F0FFFF", "6A80"),
    Row("CREATE: extended type", MADE, "80E0EF82083E0001F0F000FF00", "6A80"),
    Row("CREATE: type 68", MADE, "80E0000107680008F0F0FFFF", "6A80"),
    Row("CREATE: protected directory", MADE, "80E03F010DB81000F0F095FFFF0102030405", "6A80"),
    Row("CREATE: protected purse", MADE, "80E0000207AF0208F000FF18", "6A80"),
    Row("CREATE: one record", MADE, "80E00001072E0117F0F0FFFF", "6A80"),
    Row("CREATE: no record", MADE, "80E00001072A0017F0F0FFFF", "6A80"),
    Row("CREATE: records of 249", MADE, "80E00001072A02F9F0F0FFFF", "6A80"),
    Row("CREATE: records of 0", MADE, "80E00001072E0200F0F0FFFF", "6A80"),
    Row("CREATE: 255 records", MADE, "80E00001072EFF01F0F0FFFF", "6A80"),
    Row("CREATE: no bytes", MADE, "80E0000107280000F0F0FFFF", "6A80"),
    Row("CREATE: purse 0003", MADE, "80E00003072F0208F000FF18", "6A80"),
    Row("CREATE: purse with another size", MADE, "80E00001072F0209F000FF18", "6A80"),
    Row("CREATE: no room", MADE, "80E0000107282000F0F0FFFF", "6A84"),
    Row("CREATE: directory without room", MADE, "80E03F010D382000F0F095FFFF0102030405", "6A84"),
    Row("CREATE: create right", (MF[:16] + "AA" + MF[18:], MF_KEYS, INTO_MF), "80E0000107280008F0F0FFFF", "6982"),
    Row(
        "CREATE: at level 4",
        (MF, DF, INTO_DF, "80E03F020D380100F0F095FFFF0102030405", "00A40000023F02"),
        "80E03F030D380010F0F095FFFF0102030405",
        "6A80",
    ),
    Row("CREATE: over 239 bytes", MADE, "80E00001F0" + "28" * 240, "6700"),
    Row("CREATE: continued with nothing begun", (MF,), "80E200000101", "6985", {"native_dialect": "extended"}),
    Row("seal: nothing to seal", (MF,), "80E08000", "6985", {"native_dialect": "extended"}),
    # --- ERASE DF ---
    Row("ERASE: P2", MADE, "800E000100", "6A86"),
    Row("ERASE: data", MADE, "800E00000100", "6700"),
    Row("ERASE: erase right", (MF[:18] + "AA" + MF[20:], MF_KEYS, INTO_MF), "800E000000", "6982"),
    # --- WRITE KEY ---
    Row("WRITE KEY: no key file", (MF,), ADD, "6A82"),
    Row("WRITE KEY: id FF", MADE, "80D401FF" + ADD[8:], "6A86"),
    Row("WRITE KEY: P1 of no type", MADE, "80D40201" + ADD[8:], "6A86"),
    Row("WRITE KEY: P1P2 0000", MADE, "80D40000" + ADD[8:], "6A86"),
    Row("WRITE KEY: too short", MADE, "80D401010630F0F0000000", "6700"),
    Row("WRITE KEY: too long", MADE, "80D401011630F0F00000" + "00" * 17, "6700"),
    Row("WRITE KEY: value of 9", MADE, "80D401010E30F0F00000" + "00" * 9, "6A80"),
    Row("WRITE KEY: unknown type", MADE, "80D401010D33F0F00000" + "00" * 8, "6A80"),
    Row("WRITE KEY: there already", MADE, MASTER, "6A86"),
    Row("WRITE KEY: modify what is not there", MADE, "80D430010D30F0F0000000" + "00" * 7, "6A88"),
    Row("WRITE KEY: modify with another type byte", MADE, "80D4F9001539F0F0AA33" + K1, "6A88"),
    Row("WRITE KEY: modify another length", MADE, "80D439000D39F0F0AA33" + "00" * 8, "6700"),
    Row("WRITE KEY: modify into another kind", MADE, "80D439001536F0F0FF33" + K1, "6A80"),
    Row("WRITE KEY: modify right", FILES, "80D43A00083AF0EF0133654321", "6982"),
    Row("WRITE KEY: full", (MF, MF_KEYS.replace("0050", "0028"), MASTER, ADD), ADD[:6] + "02" + ADD[8:], "6A84"),
    Row("WRITE KEY: add right", (MF, MF_KEYS[:18] + "AA" + MF_KEYS[20:], MASTER, INTO_MF), ADD, "6982"),
    Row("WRITE KEY: one 36 alone", (*MADE, "80D401000D36F0F0FF33" + KEYS["K8"]), "80D401010D36F0F0FF33" + KEYS["K8"], "6A84", {"native_line_keys": 1}),
    Row("WRITE KEY: protected, no master", (MF, MF_KEYS, CHALLENGE), "84D4010114" + "00" * 20, "6A88"),
    Row("WRITE KEY: protected, no challenge", MADE, "84D4010114" + "00" * 20, "6984"),
    Row("WRITE KEY: wrong MAC", (*MADE, CHALLENGE), "84D4010114" + "00" * 20, "9302", charged=True),
    Row("WRITE KEY: right MAC, no sense", (*MADE, CHALLENGE), mac("84D4010114" + "00" * 16, "K1"), "6988"),
    Row("WRITE KEY: right MAC in clear", (*MADE, CHALLENGE), mac("84D4010111" + ADD[10:], "K1"), "6988"),
    Row("WRITE KEY: marked, in clear", (*MADE, "80D401010DF0F0F00000" + KEYS["K8"]), "80D4F0010D30F0F00000" + KEYS["K8"], "6987"),
    # --- SELECT ---
    *(Row(f"SELECT: P1 {p1}", FILES, f"00A4{p1}0002" + "3F01", "6A86") for p1 in ("01", "02", "03", "08", "09", "FF")),
    Row("SELECT: P2", FILES, "00A4000C023F01", "6A86"),
    Row("SELECT: one byte", FILES, "00A40000013F", "6700"),
    Row("SELECT: long name", FILES, "00A4040011" + "00" * 17, "6700"),
    Row("SELECT: no such FID", FILES, "00A40000023F09", "6A82"),
    Row("SELECT: the key file", FILES, "00A40000020000", "6A82"),
    Row("SELECT: no such name", FILES, "00A40400050102030405", "6A82"),
    Row("SELECT: an EF of the parent", WALLET, "00A40000020004", "6A82"),
    # --- BINARY ---
    Row("READ BINARY: P1", FILES, "00B0E00008", "6A86"),
    Row("READ BINARY: no current EF", FILES, "00B0000008", "6986"),
    Row("READ BINARY: no such SFI", FILES, "00B0890008", "6A82"),
    Row("READ BINARY: records", FILES, "00B0810003", "6981"),
    Row("READ BINARY: right", FILES, "00B0860008", "6982"),
    Row("READ BINARY: offset", FILES, "00B0840808", "6B00"),
    Row("READ BINARY: needs a MAC", FILES, "00B0870008", "6987"),
    Row("READ BINARY: needs a MAC, 6900", FILES, "00B0870008", "6900", {"native_missing_mac": "6900"}),
    Row("READ BINARY: no MAC", FILES, "04B0870000", "6987"),
    Row("READ BINARY: no challenge", FILES, "04B087000400000000", "6984"),
    Row("READ BINARY: wrong MAC", (*FILES, CHALLENGE), "04B087000400000000", "6988", charged=True),
    Row("READ BINARY: no MAC asked for", (*FILES, CHALLENGE), "04B084000400000000", "6900", {"native_unneeded_mac": False}),
    Row("READ BINARY: Le over 239", FILES, "00B08400F0", "6700"),
    Row("READ BINARY: SFI 0 and no EF", FILES, "00B0800008", "6986"),
    Row("UPDATE BINARY: right", FILES, "00D6860001AA", "6982"),
    Row("UPDATE BINARY: no data", FILES, "00D68400", "6700"),
    Row("UPDATE BINARY: beyond the end", FILES, "00D6840702AABB", "6700"),
    Row("UPDATE BINARY: offset", FILES, "00D6840801AA", "6B00"),
    Row("UPDATE BINARY: needs a MAC", FILES, "00D6850001AA", "6987"),
    Row("UPDATE BINARY: alias, needs a MAC", FILES, "00D0850001AA", "6987"),
    Row("UPDATE BINARY: wrong MAC", (*FILES, CHALLENGE), "04D6850005AA00000000", "6988", charged=True),
    Row("UPDATE BINARY: the challenge is gone", (*FILES, CHALLENGE, "00B0840008 6281"), mac("04D6850005AA"), "6984"),
    Row("UPDATE BINARY: the challenge is gone behind a refusal", (*FILES, CHALLENGE, "00B0E00008 6A86"), mac("04D6850005AA"), "6984"),
    Row("UPDATE BINARY: no MAC asked for", (*FILES, CHALLENGE), mac("04D6840005AA"), "6900", {"native_unneeded_mac": False}),
    Row("UPDATE BINARY: MAC where a cipher is", (*FILES, CHALLENGE), mac("04D6880005AA"), "6988"),
    # --- RECORD ---
    Row("READ RECORD: mode", FILES, "00B2010D00", "6A86"),
    Row("READ RECORD: transparent", FILES, "00B2012400", "6981"),
    Row("READ RECORD: empty fixed file", FILES, "00B2010C00", "6A83"),
    Row("READ RECORD: empty variable file", FILES, "00B2011400", "6A83"),
    Row("READ RECORD: empty cyclic file", FILES, "00B2011C00", "6A83"),
    Row("READ RECORD: no such tag", FILES, "00B2551000", "6A83"),
    Row("UPDATE RECORD: mode", FILES, "00DC010D03000000", "6A86"),
    Row("UPDATE RECORD: not there", FILES, "00DC010C03000000", "6A83"),
    Row("UPDATE RECORD: cyclic by number", FILES, "00DC011C03000000", "6A86"),
    Row("UPDATE RECORD: cyclic, other text", FILES, "00DC001B03000000", "6A86", {"native_cyclic_append": "example"}),
    Row("UPDATE RECORD: cyclic, other example", FILES, "00DC011A03000000", "6A86", {"native_cyclic_append": "text"}),
    Row("UPDATE RECORD: cyclic, other length", FILES, "00DC001B020000", "6700"),
    Row("UPDATE RECORD: another length", (*FILES, "00E200100501030A0B0C"), "00DC01140401020A0B", "6A83"),
    Row("UPDATE RECORD: no TLV", (*FILES, "00E200100501030A0B0C"), "00DC01140501040A0B0C", "6A83"),
    Row("APPEND RECORD: P1", FILES, "00E2010C03000000", "6A86"),
    Row("APPEND RECORD: other length", FILES, "00E2000C020000", "6700"),
    Row("APPEND RECORD: fixed full", (*FILES, "00E2000C03000000", "00E2000C03000000"), "00E2000C03000000", "6A84"),
    Row("APPEND RECORD: variable full", FILES, "00E2001411010F" + "00" * 15, "6A84"),
    Row("APPEND RECORD: no TLV", FILES, "00E200140301030A", "6A80"),
    Row("APPEND RECORD: tag 00", FILES, "00E200140300010A", "6A80"),
    # --- security ---
    Row("GET CHALLENGE: P2", FILES, "0084000104", "6A86"),
    Row("GET CHALLENGE: 16", FILES, "0084000010", "6700"),
    Row("GET CHALLENGE: no Le", FILES, "00840000", "6700"),
    Row("EXTERNAL AUTHENTICATE: P1", FILES, "0082010008" + "00" * 8, "6A86"),
    Row("EXTERNAL AUTHENTICATE: length", FILES, "0082000007" + "00" * 7, "6700"),
    Row("EXTERNAL AUTHENTICATE: length of SM4", FILES, "0082000010" + "00" * 16, "6700"),
    Row("EXTERNAL AUTHENTICATE: no such key", FILES, "0082000508" + "00" * 8, "6A88"),
    Row("EXTERNAL AUTHENTICATE: no key file", (MF,), "0082000008" + "00" * 8, "6A82"),
    Row("EXTERNAL AUTHENTICATE: no challenge", FILES, "0082000008" + "00" * 8, "6984"),
    Row("EXTERNAL AUTHENTICATE: wrong", (*FILES, CHALLENGE), "0082000008" + "00" * 8, "63C2", charged=True),
    Row("EXTERNAL AUTHENTICATE: blocked", (*FILES, *(f for n in (2, 1, 0) for f in (CHALLENGE, f"0082000008{'00' * 8} 63C{n}")), CHALLENGE), "0082000008" + "00" * 8, "6983"),
    Row("INTERNAL AUTHENTICATE: P1", FILES, "00880300080000000000000000", "6A86"),
    Row("INTERNAL AUTHENTICATE: no data", FILES, "00880002", "6700"),
    Row("INTERNAL AUTHENTICATE: no such key", FILES, "0088010208" + "00" * 8, "6A88"),
    Row("INTERNAL AUTHENTICATE: use right", FILES, "0088000208" + "00" * 8, "6982"),
    Row("VERIFY: P1", FILES, "0020010003123456", "6A86"),
    Row("VERIFY: no data", FILES, "00200000", "6700"),
    Row("VERIFY: 9 bytes", FILES, "0020000009" + "12" * 9, "6700"),
    Row("VERIFY: no such PIN", FILES, "0020000503123456", "6A88"),
    Row("VERIFY: wrong", FILES, "0020000003654321", "63C2", charged=True),
    Row("VERIFY: blocked", (*FILES, *(f"0020000003654321 63C{n}" for n in (2, 1, 0))), "0020000003123456", "6983"),
    Row("CHANGE PIN: P1", FILES, "805E020007123456FF654321", "6A86"),
    Row("CHANGE PIN: no FF", FILES, "805E01000712345612654321", "6700"),
    Row("CHANGE PIN: longer than the record", FILES, "805E010008123456FF65432101", "6700"),
    Row("CHANGE PIN: FF in the new one", FILES, "805E010007123456FF65FF21", "6A80"),
    Row("CHANGE PIN: wrong", FILES, "805E010007111111FF654321", "63C2", charged=True),
    Row("RELOAD PIN: no key", FILES, "805E00000712345600000000", "6A88"),
    Row("RELOAD PIN: length", FILES, "805E0000050000000000", "6700"),
    Row("RELOAD PIN: wrong MAC", (*FILES, "80D401001538F0F0FF33" + K1), "805E00000712345600000000", "9302", charged=True),
    Row("PIN UNBLOCK: P2", FILES, "842400010C" + "00" * 12, "6A86"),
    Row("PIN UNBLOCK: P1 where P2 names it", FILES, "842401000C" + "00" * 12, "6A86", {"native_unblock_reference": "P2"}),
    Row("PIN UNBLOCK: P1 where there is one", FILES, "842401000C" + "00" * 12, "6A86", {"native_unblock_reference": "none"}),
    Row("PIN UNBLOCK: length", FILES, "842400000B" + "00" * 11, "6700"),
    Row("PIN UNBLOCK: no key", (*FILES, CHALLENGE), "842400000C" + "00" * 12, "6A88"),
    Row("APPLICATION BLOCK: in the MF", (*FILES, CHALLENGE), blocks("1E"), "6985"),
    Row("APPLICATION BLOCK: P2", WALLET, blocks("1E", "02"), "6A86"),
    Row("APPLICATION BLOCK: length", WALLET, "841E000003000000", "6700"),
    Row("APPLICATION BLOCK: wrong MAC", (*WALLET, CHALLENGE), "841E00000400000000", "6988", charged=True),
    Row("APPLICATION UNBLOCK: in the MF", (*FILES, CHALLENGE), blocks("18"), "6985"),
    Row("APPLICATION UNBLOCK: P1", WALLET, "8418010004" + "00" * 4, "6A86"),
    Row("CARD BLOCK: P2", WALLET, blocks("16", "01"), "6A86"),
    Row("CARD BLOCK: no challenge", WALLET, blocks("16"), "6984"),
    Row("unknown INS", FILES, "80010000", "6D00"),
    Row("unknown CLA", FILES, "40A40000", "6E00"),
    Row("factory test", FILES, "00020000", "6D00"),
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=attrgetter("name"))
def test_refusal(row: Row) -> None:
    card = Native(2048, **row.settings)
    for step in row.before:
        command, _, expected = step.partition(" ")
        answer = card.send(command)
        assert answer.endswith(expected or "9000"), f"{command}: {answer}: {card.card.last_refusal}"
    before = card.state

    assert card.send(row.command) == row.sw

    explains(card.card, row.sw)
    after = card.state
    changed = sum(old != new for old, new in zip(before.memory, after.memory, strict=True))
    assert changed == row.charged
    assert after._replace(memory=b"", challenge=b"") == before._replace(memory=b"", challenge=b"")
    assert after.challenge == b""
    assert after.memory == bytes(card.memory.committed())


def test_names_of_the_rows_are_unique() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
