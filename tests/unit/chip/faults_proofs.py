"""Rows of the table of faults: proofs of a key that are stale, replayed or another's, and a challenge's lifetime.

Cryptograms by the openssl command.
"""

from __future__ import annotations

from tests.unit.chip.fault import AT_WORK, Fault
from tests.unit.chip.images import ONE, TWO

PROOF = "hrss-card 4.3; native-card-os 4"
LAST_ONE = "hrss-card 4.3: the challenge obtained last"
LIFETIME = "native-card-os 4, 15.4: valid for the next command only"

CHALLENGE = "0084000008"
FIRST = "0082000A1048FA42AB9FF0A4310102030405060708"
"""The right proof of key 0A for the first challenge."""
WRONG = "0082000A10FFFFFFFFFFFFFFFF0102030405060708"
ONE_TRY_LEFT = (ONE, CHALLENGE, f"{WRONG} 63C2", CHALLENGE, f"{WRONG} 63C1", CHALLENGE)
NEXT_COMMAND = {"challenge_lifetime": "next command"}

PROOFS: tuple[Fault, ...] = (
    *(
        Fault(f"EXTERNAL AUTHENTICATE: {what}", before, command, sw, PROOF, charged=True, spent=True)
        for what, before, command, sw in (
            ("the proof of the challenge before", (*AT_WORK, CHALLENGE), FIRST, "63C2"),
            ("replayed to a new challenge", (*AT_WORK, FIRST, CHALLENGE), FIRST, "63C2"),
            ("the proof of another key", AT_WORK, "0082000A10E37DCAFDE37F16860102030405060708", "63C2"),
            ("another source than was enciphered", AT_WORK, FIRST[:-1] + "9", "63C2"),
            ("source and cryptogram in the wrong order", AT_WORK, f"{FIRST[:10]}{FIRST[26:]}{FIRST[10:26]}", "63C2"),
            ("wrong, with a version", AT_WORK, f"0082000A11{WRONG[10:]}00", "63C2"),
            ("the last try", ONE_TRY_LEFT, WRONG, "63C0"),
            ("wrong, when the key is authenticated", (*AT_WORK, FIRST, CHALLENGE), WRONG, "63C2"),
        )
    ),
    Fault("EXTERNAL AUTHENTICATE: sent twice", (*AT_WORK, FIRST), FIRST, "6984", LAST_ONE),
    Fault("EXTERNAL AUTHENTICATE: P2 of a key for INTERNAL", AT_WORK, f"00820000{FIRST[8:]}", "6A88", PROOF),
    Fault("EXTERNAL AUTHENTICATE: a version that is not there", AT_WORK, f"0082000A11{FIRST[10:]}01", "6A88", PROOF),
    Fault("EXTERNAL AUTHENTICATE: at the MF", ("00A40000", CHALLENGE), FIRST, "6A88", PROOF),
    Fault("EXTERNAL AUTHENTICATE: in another application", (TWO, CHALLENGE), FIRST, "6A88", PROOF),
    Fault("INTERNAL AUTHENTICATE: P2 of a key for EXTERNAL", AT_WORK, f"0088000A{FIRST[8:]}", "6A88", PROOF),
    Fault("INTERNAL AUTHENTICATE: at the MF", ("00A40000", CHALLENGE), f"00880000{FIRST[8:]}", "6A88", PROOF),
    # --- profiles in which a challenge lives until the next command ---
    *(
        Fault(
            f"EXTERNAL AUTHENTICATE: a challenge lost to {what}",
            (*AT_WORK, step),
            FIRST,
            "6984",
            LIFETIME,
            "tree",
            NEXT_COMMAND,
        )
        for what, step in (
            ("SELECT", "00A4000002EF06"),
            ("READ RECORD", "00B2012C04"),
            ("INTERNAL AUTHENTICATE", f"00880000{FIRST[8:]}"),
            ("a refused command", "00A4000002EF55 6A82"),
        )
    ),
    *(
        Fault(f"{what}, where it loses the challenge", AT_WORK, command, sw, LIFETIME, "tree", NEXT_COMMAND, spent=True)
        for what, command, sw in (
            ("SELECT: no such FID", "00A4000002EF55", "6A82"),
            ("GET CHALLENGE: Le=05", "0084000005", "6700"),
            ("INS unknown", "0011000000", "6D00"),
            ("no command", "00A4", "6700"),
        )
    ),
)
