"""Rows of the table of faults: challenge, PINs, keys, locks, GET RESPONSE."""

from __future__ import annotations

from tests.unit.chip.bench import SSSE
from tests.unit.chip.fault import AT_WORK, CLASSES, SHORT, T0, Fault
from tests.unit.chip.images import CHILD_ONE, ONE, TWO, VERIFY_ONE

BLOCKED = (ONE, *(f"0020000003999999 63C{left}" for left in range(5, -1, -1)))
PROOF = "A1A2A3A4A5A6A7A80102030405060708"
USED = (ONE, "0084000008", "0082000A1048FA42AB9FF0A4310102030405060708")
KEY_BLOCKED = (ONE, *(step for left in (2, 1, 0) for step in ("0084000008", f"0082000A10{PROOF} 63C{left}")), USED[1])
TWO_AT_WORK = (TWO, "0084000008")

PIN = "ISO/IEC 7816-4, 11.6.6; hrss-card 5"
KEY = "hrss-card 4.3; native-card-os 4"
LINE = "native-card-os 4, 5.1; hrss-card 4.5"

SECURITY: tuple[Fault, ...] = (
    # --- GET CHALLENGE ---
    Fault("GET CHALLENGE: P1=01", AT_WORK, "0084010008", "6A86", "ISO/IEC 7816-4, 11.6.3"),
    Fault("GET CHALLENGE: P2=01", AT_WORK, "0084000108", "6A86", "ISO/IEC 7816-4, 11.6.3"),
    *(
        Fault(f"GET CHALLENGE: Le={le}", AT_WORK, f"00840000{le}", "6700", "native-card-os 4: 4 or 8 bytes, else 6700")
        for le in ("01", "05", "07", "09", "10", "FF")
    ),
    # --- VERIFY ---
    *(Fault(f"VERIFY: P1={p1}", AT_WORK, f"0020{p1}0003123456", "6A86", PIN) for p1 in ("01", "80", "FF")),
    *(Fault(f"VERIFY: P2={p2}", AT_WORK, f"002000{p2}03123456", "6A86", PIN) for p2 in ("20", "40", "60", "FF")),
    Fault("VERIFY: no such PIN", AT_WORK, "0020000103123456", "6A88", PIN),
    Fault("VERIFY: no such local PIN", AT_WORK, "0020008103123456", "6A88", PIN),
    Fault("VERIFY: no PIN at the MF", (), "0020000003123456", "6A88", PIN, card="gen2"),
    Fault("VERIFY: a local PIN of the parent", (ONE, CHILD_ONE, "00A4010002D101"), "00200081024321", "6A88", PIN),
    Fault("VERIFY: a PIN of one byte", AT_WORK, "002000000112", "6700", "hrss-card 5: 2 to 6 bytes"),
    Fault("VERIFY: a PIN of seven bytes", AT_WORK, "00200000071234567890AAFF", "6700", "hrss-card 5: 2 to 6 bytes"),
    Fault("VERIFY: wrong PIN", (ONE,), "0020000003654321", "63C5", PIN, charged=True),
    Fault("VERIFY: wrong PIN after the right one", AT_WORK, "0020000003654321", "63C5", PIN, charged=True),
    Fault("VERIFY: right digits, too few", AT_WORK, "00200000021234", "63C5", PIN, charged=True),
    Fault("VERIFY: right digits, too many", AT_WORK, "002000000412345600", "63C5", PIN, charged=True),
    Fault("VERIFY: the last try", BLOCKED[:-1], "0020000003999999", "63C0", PIN, charged=True),
    Fault("VERIFY: blocked, right PIN", BLOCKED, VERIFY_ONE, "6983", "native-card-os 3"),
    Fault("VERIFY: blocked, wrong PIN", BLOCKED, "0020000003999999", "6983", "native-card-os 3"),
    Fault("VERIFY: how many tries are left", (ONE,), "00200000", "63C6", PIN),
    Fault("VERIFY: how many tries are left, after one", BLOCKED[:2], "0020000000", "63C5", PIN),
    Fault("VERIFY: how many, where the PIN is blocked", BLOCKED, "00200000", "6983", PIN),
    Fault("VERIFY: no data, where refused", (SSSE,), "00200000", "6700", PIN, "gen2", {"verify_query": "6700"}),
    # --- CHANGE PIN ---
    Fault("CHANGE PIN: P1=00, which is RELOAD", AT_WORK, "805E000007123456FF654321", "6A86", "hrss-card 5"),
    Fault("CHANGE PIN: P1=02", AT_WORK, "805E020007123456FF654321", "6A86", "hrss-card 5"),
    Fault("CHANGE PIN: P2=20", AT_WORK, "805E012007123456FF654321", "6A86", "hrss-card 5"),
    Fault("CHANGE PIN: no such PIN", AT_WORK, "805E010107123456FF654321", "6A88", "hrss-card 5"),
    Fault("CHANGE PIN: no data", AT_WORK, "805E0100", "6700", "hrss-card 5"),
    Fault("CHANGE PIN: no separator", AT_WORK, "805E010006123456654321", "6A80", "hrss-card 5"),
    Fault("CHANGE PIN: two separators", AT_WORK, "805E010008123456FF65FF4321", "6A80", "hrss-card 5"),
    Fault("CHANGE PIN: old PIN of one byte", AT_WORK, "805E01000512FF654321", "6700", "hrss-card 5"),
    Fault("CHANGE PIN: new PIN of one byte", AT_WORK, "805E010005123456FF65", "6700", "hrss-card 5"),
    Fault("CHANGE PIN: new PIN of seven bytes", AT_WORK, "805E01000B123456FF65432165432165", "6700", "hrss-card 5"),
    Fault("CHANGE PIN: nothing new", AT_WORK, "805E010004123456FF", "6700", "hrss-card 5"),
    Fault("CHANGE PIN: wrong old PIN", AT_WORK, "805E010007654321FF111111", "63C5", "hrss-card 5", charged=True),
    Fault("CHANGE PIN: blocked", BLOCKED, "805E010007123456FF654321", "6983", "native-card-os 3"),
    # --- INTERNAL and EXTERNAL AUTHENTICATE; cryptograms by the openssl command ---
    *(
        row
        for name, ins, reference in (("INTERNAL", "88", "00"), ("EXTERNAL", "82", "0A"))
        for row in (
            Fault(f"{name} AUTHENTICATE: P1=01", AT_WORK, f"00{ins}01{reference}10{PROOF}", "6A86", KEY),
            Fault(f"{name} AUTHENTICATE: no such key", AT_WORK, f"00{ins}000710{PROOF}", "6A88", KEY),
            Fault(f"{name} AUTHENTICATE: no such local key", AT_WORK, f"00{ins}008A10{PROOF}", "6A88", KEY),
            Fault(f"{name} AUTHENTICATE: no such version", AT_WORK, f"00{ins}00{reference}11{PROOF}03", "6A88", KEY),
            Fault(f"{name} AUTHENTICATE: 8 bytes", AT_WORK, f"00{ins}00{reference}08{PROOF[:16]}", "6700", KEY),
            Fault(f"{name} AUTHENTICATE: 18 bytes", AT_WORK, f"00{ins}00{reference}12{PROOF}0000", "6700", KEY),
            Fault(f"{name} AUTHENTICATE: no data", AT_WORK, f"00{ins}00{reference}", "6700", KEY),
        )
    ),
    Fault("EXTERNAL AUTHENTICATE: no challenge", (ONE,), f"0082000A10{PROOF}", "6984", KEY),
    Fault("EXTERNAL AUTHENTICATE: a challenge of 4", (ONE, "0084000004"), f"0082000A10{PROOF}", "6984", KEY),
    Fault(
        "EXTERNAL AUTHENTICATE: wrong cryptogram",
        AT_WORK,
        "0082000A1048FA42AB9FF0A4320102030405060708",
        "63C2",
        KEY,
        charged=True,
        spent=True,
    ),
    Fault("EXTERNAL AUTHENTICATE: a challenge used before", USED, USED[-1], "6984", KEY),
    Fault("EXTERNAL AUTHENTICATE: blocked", KEY_BLOCKED, USED[-1], "6983", "native-card-os 3", spent=True),
    # --- PIN CHANGE/UNBLOCK ---
    Fault("PIN CHANGE/UNBLOCK: P1=01", AT_WORK, "84240100046422E81F", "6A86", LINE),
    Fault("PIN CHANGE/UNBLOCK: P2=02", AT_WORK, "84240002046422E81F", "6A86", LINE),
    Fault("PIN CHANGE/UNBLOCK: PUK missing", AT_WORK, "84240000046422E81F", "6982", LINE),
    Fault("PIN CHANGE/UNBLOCK: no PIN", ("00A40000",), "84240000046422E81F", "6A88", LINE),
    # --- APPLICATION BLOCK, APPLICATION UNBLOCK, CARD BLOCK ---
    *(
        row
        for name, ins in (("APPLICATION BLOCK", "1E"), ("APPLICATION UNBLOCK", "18"), ("CARD BLOCK", "16"))
        for row in (
            Fault(f"{name}: P1=01", AT_WORK, f"84{ins}010004AABBCCDD", "6A86", LINE),
            Fault(f"{name}: P2=02", AT_WORK, f"84{ins}000204AABBCCDD", "6A86", LINE),
            Fault(f"{name}: no MAC", AT_WORK, f"84{ins}0000", "6700", LINE),
            Fault(f"{name}: five bytes", AT_WORK, f"84{ins}000005AABBCCDDEE", "6700", LINE),
            Fault(f"{name}: no challenge", (ONE,), f"84{ins}000004AABBCCDD", "6984", LINE),
            Fault(f"{name}: wrong MAC", AT_WORK, f"84{ins}000004AABBCCDD", "6988", LINE, charged=True, spent=True),
            Fault(f"{name}: no key for it", TWO_AT_WORK, f"84{ins}000004AABBCCDD", "6A88", LINE, spent=True),
        )
    ),
    # --- GET RESPONSE ---
    Fault("GET RESPONSE: nothing waits", AT_WORK, "00C0000010", "6985", T0),
    Fault("GET RESPONSE: fetched before", (ONE, "00C0000018"), "00C0000018", "6985", T0),
    Fault("GET RESPONSE: dropped by another command", (ONE, "0084000008"), "00C0000018", "6985", T0),
    Fault("GET RESPONSE: dropped by a refusal", (ONE, "00A4000002EF55 6A82"), "00C0000018", "6985", T0),
    Fault("GET RESPONSE: P1=01", (ONE,), "00C0010018", "6A86", T0),
    Fault("GET RESPONSE: P2=01", (ONE,), "00C0000118", "6A86", T0),
    Fault("GET RESPONSE: Le too large", (ONE,), "00C0000019", "6C18", T0),
    Fault("GET RESPONSE: Le 00", (ONE,), "00C0000000", "6C18", T0),
    Fault("GET RESPONSE: Le absent", (ONE,), "00C00000", "6C18", T0),
    Fault("GET RESPONSE: with data", (ONE,), "00C0000001AA", "6700", T0),
    Fault("GET RESPONSE: cut off in the header", (ONE,), "00C000", "6700", SHORT),
    Fault("GET RESPONSE: CLA FF", (ONE,), "FFC0000018", "6E00", CLASSES),
)
