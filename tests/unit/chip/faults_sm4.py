"""Rows of the table of faults: every command that uses a key, where the keys are for SM4.

MACs and cryptograms by the openssl command; forms: facts native-card-os 5.2, terminal-interface 2.3, and the defaults
of the settings sm4_extension and sm4_fold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.chip.fault import AT_WORK, Fault
from tests.unit.chip.faults_line import Signed, of_every_command
from tests.unit.chip.images import ONE

if TYPE_CHECKING:
    from collections.abc import Mapping

PROOF = "hrss-card 4.3, 8"
FORMS = "terminal-interface 2.5: unknown, so settings"
LINE = "native-card-os 5.1, 5.2; terminal-interface 2.3"
SIZES = "terminal-interface 2.5: factors of 8 bytes with SM4 too"

CHALLENGE = "0084000008"
FIRST = "0082000A10336791B7B0E8D6B20102030405060708"
"""The right proof of key 0A for the first challenge."""
WRONG = "0082000A10FFFFFFFFFFFFFFFF0102030405060708"
WHOLE_FIRST = "0082000A183A5B9B53C8245ADC093C0AE478CC8C6E0102030405060708"
"""The same where nothing is folded."""
WHOLE = {"sm4_fold": "whole"}
LONG = {"challenge_sizes": [8, 16]}
ONE_TRY_LEFT = (ONE, CHALLENGE, f"{WRONG} 63C2", CHALLENGE, f"{WRONG} 63C1", CHALLENGE)
AT_UNBLOCK = (*AT_WORK, FIRST, CHALLENGE)
INTERNAL = "00880000"

COMMANDS = (
    Signed("UPDATE RECORD", "04DC0104082202BBBB9B0EAD17", "04DC0104082202BBBB1897BCC0", "04DC0304"),
    Signed("UPDATE RECORD, cyclic", "04DC006306BBBB564065D3", "04DC006306BBBBB4AB3319", "04DC0164"),
    Signed("APPEND RECORD", "04E2005C080202BBBB95811292", "04E2005C080202BBBB7A3768B0", "04E20004"),
    Signed("APPEND RECORD, cyclic", "04E2006406BBBBD1947274", "04E2006406BBBB90E5FFB1", "04E20060"),
    Signed("UPDATE BINARY", "04D68D0006AABBA4AF256B", "04D68D0006AABBB8E91418", "04D68D01"),
    Signed(
        "UPDATE BINARY, enciphered",
        "04D69000148A8B99E54CCA6D2050992A797CACDEAEC485C41A",
        "04D6900014E94C0DF3166CC0AC25B7C6B885D28F8B99FC2B0D",
        "04D69001",
    ),
    Signed("READ RECORD", "04B2010404A431FE5C", "04B201040424A35969", "04B20204"),
    Signed("READ BINARY", "04B088000478999FCD", "04B0880004AE139FF1", "04B08801"),
    Signed("PIN CHANGE/UNBLOCK", "8424000004646F3373", "84240000046F75515E", "84240001", AT_UNBLOCK),
    Signed(
        "PIN CHANGE/UNBLOCK, reload",
        "842400011413F2D9FE2175689317C240A75A04FB65ABBF7078",
        "8424000114CF8B009C3E71A7B86E59819F273D0005E12B3E80",
        "84240000",
        AT_UNBLOCK,
    ),
    Signed("APPLICATION BLOCK", "841E0000046A9B7842", "841E000004F5E41930", "841E0001", ends=True),
    Signed("APPLICATION UNBLOCK", "841800000452A63D50", "8418000004801C20BA"),
    Signed("CARD BLOCK", "841600000417133B40", "8416000004A21AAAB8", ends=True),
)
"""As in faults_line; the MACs are those of SM4, and a sealed PIN makes Lc 14."""


def _proof(
    what: str,
    command: str,
    sw: str,
    before: tuple[str, ...] = AT_WORK,
    settings: Mapping[str, object] | None = None,
    *,
    source: str = PROOF,
) -> Fault:
    """Of EXTERNAL AUTHENTICATE; a wrong one costs a try and the challenge."""
    wrong = sw.startswith("63C")
    name = f"SM4 EXTERNAL AUTHENTICATE: {what}"
    spent = wrong or sw == "6983"
    return Fault(name, before, command, sw, source, "sm4", settings or {}, charged=wrong, spent=spent)


def _signed(what: str, command: str, sw: str, before: tuple[str, ...] = AT_WORK, source: str = LINE) -> Fault:
    return Fault(f"SM4 {what}", before, command, sw, source, "sm4", signed=True)


def _mac(what: str, command: str, sw: str = "6988", before: tuple[str, ...] = AT_WORK) -> Fault:
    return Fault(f"SM4 {what}", before, command, sw, LINE, "sm4", charged=True, spent=True)


SM4: tuple[Fault, ...] = (
    # --- EXTERNAL AUTHENTICATE ---
    _proof("the proof of the challenge before", FIRST, "63C2", (*AT_WORK, CHALLENGE)),
    _proof("replayed to a new challenge", FIRST, "63C2", (*AT_WORK, FIRST, CHALLENGE)),
    _proof("the proof of another key", "0082000A101DF3532214547C1A0102030405060708", "63C2"),
    _proof("the proof that DES would give", "0082000A1048FA42AB9FF0A4310102030405060708", "63C2"),
    _proof("another source than was enciphered", FIRST[:-1] + "9", "63C2"),
    _proof("wrong, with a version", f"0082000A11{WRONG[10:]}00", "63C2"),
    _proof("the last try", WRONG, "63C0", ONE_TRY_LEFT),
    _proof("no try is left", WRONG, "6983", (*ONE_TRY_LEFT, f"{WRONG} 63C0", CHALLENGE)),
    _proof("wrong, when the key is authenticated", WRONG, "63C2", (*AT_WORK, FIRST, CHALLENGE)),
    _proof("sent twice", FIRST, "6984", (*AT_WORK, FIRST)),
    _proof("no challenge was fetched", FIRST, "6984", AT_WORK[:-1]),
    _proof("a challenge of 4 bytes", FIRST, "6984", (*AT_WORK, "0084000004"), source=SIZES),
    _proof("a challenge of 16 bytes", FIRST, "6984", (*AT_WORK, "0084000010"), LONG, source=SIZES),
    _proof("a version that is not there", f"0082000A11{FIRST[10:]}01", "6A88"),
    _proof("no such key", f"0082000B{FIRST[8:]}", "6A88"),
    *(
        _proof(f"{size} bytes of data", f"0082000A{size:02X}{'AA' * size}", "6700")
        for size in (1, 8, 15, 18, 24, 25, 255)
    ),
    # --- its other forms ---
    *(
        _proof(f"the cryptogram of {form}", f"0082000A10{cryptogram}0102030405060708", "63C2", source=FORMS)
        for form, cryptogram in (
            ("left-half", "3A5B9B53C8245ADC"),
            ("complement", "AB24082A4794DC52"),
            ("repeated", "8F209BA4F84D9A6C"),
        )
    ),
    _proof("whole: another byte", WHOLE_FIRST[:10] + "3B" + WHOLE_FIRST[12:], "63C2", AT_WORK, WHOLE, source=FORMS),
    _proof("whole: the last byte", WHOLE_FIRST[:40] + "6F" + WHOLE_FIRST[42:], "63C2", AT_WORK, WHOLE, source=FORMS),
    *(
        _proof(f"whole: {size} bytes of data", f"0082000A{size:02X}{'AA' * size}", "6700", AT_WORK, WHOLE)
        for size in (16, 17, 23, 26)
    ),
    _proof("whole: no such version", f"0082000A19{WHOLE_FIRST[10:]}01", "6A88", AT_WORK, WHOLE),
    # --- INTERNAL AUTHENTICATE ---
    *(
        Fault(
            f"SM4 INTERNAL AUTHENTICATE: {size} bytes{', whole' if settings else ''}",
            AT_WORK,
            f"{INTERNAL}{size:02X}{'AA' * size}",
            "6700",
            PROOF,
            "sm4",
            settings,
        )
        for size in (8, 15, 18, 24, 32)
        for settings in ({}, WHOLE)
    ),
    Fault("SM4 INTERNAL AUTHENTICATE: no such key", AT_WORK, f"0088000A10{'AA' * 16}", "6A88", PROOF, "sm4"),
    Fault("SM4 INTERNAL AUTHENTICATE: no such version", AT_WORK, f"{INTERNAL}11{'AA' * 16}01", "6A88", PROOF, "sm4"),
    # --- commands with a MAC ---
    *of_every_command(COMMANDS, "sm4", "SM4 "),
    _mac("UPDATE BINARY: the MAC of another key", "04D68D0006AABB77D37220"),
    _mac("UPDATE BINARY: MAC with the challenge as IV", "04D68D0006AABB131769ED"),
    _mac("UPDATE BINARY: the MAC that DES would give", "04D68D0006AABBCE163FF4"),
    Fault(
        "SM4 APPLICATION UNBLOCK: blocked for ever",
        (*AT_WORK, "841E000104784A2B48", CHALLENGE),
        "841800000452A63D50",
        "9303",
        "native-card-os 4",
        "sm4",
    ),
    # --- a right MAC, and something else is wrong ---
    _signed("protected UPDATE RECORD: one byte too few", "04DC0104072201BBB2F9EA95", "6700"),
    _signed("protected UPDATE RECORD: another tag", "04DC0104082302BBBB63751EE5", "6A80"),
    _signed("protected READ RECORD: number behind the last", "04B20504040ECE8C3A", "6A83"),
    _signed("protected READ BINARY: offset at the end", "04B0882004D6FD26DE", "6B00"),
    *(
        _signed(f"UPDATE BINARY, a cipher file: {what}", f"04D690{rest}", sw)
        for what, rest, sw in (
            ("data in clear", "0014AABBCCDDEEFF0011AABBCCDDEEFF0011B43A9743", "6988"),
            ("a block of DES", "000CAABBCCDDEEFF0011047A25FD", "6988"),
            ("nothing sealed", "0004B6033B91", "6988"),
            ("no 80 behind it", "0014A0BEDCEB2BE6E6D46B866519F4F0B97A74E9E411", "6988"),
            ("its length too large", "00141D65C5DB3E9BA91FDC8E226EC62F3961F501F1BF", "6988"),
            ("of no bytes", "0014B44972D96E8E6A85D4C47A6CF4B4840D43E6B5F4", "6700"),
            ("offset at the end", "08148A8B99E54CCA6D2050992A797CACDEAE957F7064", "6B00"),
            ("one byte over the end", "07148A8B99E54CCA6D2050992A797CACDEAE91CB8726", "6700"),
        )
    ),
    _signed("PIN CHANGE/UNBLOCK: data before the MAC", "8424000006AABB34658248", "6700", AT_UNBLOCK),
    *(
        _signed(f"PIN CHANGE/UNBLOCK, reload: {what}", f"84240001{rest}", sw, AT_UNBLOCK)
        for what, rest, sw in (
            ("no PIN", "0424257112", "6988"),
            ("not sealed", "1411223344556677881122334455667788898F98C9", "6988"),
            ("a block of DES", "0C1122334455667788EB348C23", "6988"),
            ("a PIN of one byte", "146B3CA532678A3B87526B09B169D47F8B25FE0D90", "6A80"),
            ("a PIN of seven bytes", "148B68A0252AF0741E4E840556B13ED63A55A8E24D", "6A80"),
            ("a separator inside", "147B3A52B2D53395C6E7AA893B1B86EC7B8E8585F1", "6A80"),
        )
    ),
)
