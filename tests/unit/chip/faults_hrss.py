"""Rows of the table of faults: the areas of the HRSS card, each behind its own keys.

Proofs by the openssl command, from the TEST roots (SHA-256 of their names) diversified for the card of bench.HOLDER.
"""

from __future__ import annotations

from tests.unit.chip.bench import SSSE
from tests.unit.chip.fault import Fault

READ = "hrss-card 6, 11"
WRITE = "hrss-card 6, 11: write without UK must fail"
SEPARATE = "hrss-card 11: UK must not grant read, read and write keys are separate"
LOCAL = "hrss-card 4.1: 80 and above are keys of the current DF"

CHALLENGE = "0084000008"
PIN = "0020000003123456"
DF01, DF02, DF03, DF04, DF07 = (f"00A4000002DF0{number}" for number in (1, 2, 3, 4, 7))
UK = "0082000410E59CFFCA0D929C1D0102030405060708"
RK = "0082000A10E3E0DAEBC14FFCCB0102030405060708"
PUK = "008200061047201BF45ABAE0CD0102030405060708"
DF01_UK1 = "0082008310B92613AB7C335DBC0102030405060708"
DF03_RK1 = "0082008410A928FF22185F5F9A0102030405060708"
DF04_RK1 = "008200841003E4DFE1F62CEF520102030405060708"
UK_OF_CITY = "00820004108B7EA18358405CD40102030405060708"
"""Diversified once instead of twice."""

ISSUE_DATE = "00DC052C06050420250101"


def _row(name: str, before: tuple[str, ...], command: str, sw: str, source: str, *, proof: bool = False) -> Fault:
    """``proof``: a wrong one, which costs a try and the challenge."""
    return Fault(f"HRSS: {name}", (SSSE, *before), command, sw, source, "gen2", charged=proof, spent=proof)


HRSS: tuple[Fault, ...] = (
    # --- writing ---
    _row("write without UK", (CHALLENGE,), ISSUE_DATE, "6982", WRITE),
    _row("write with the PIN", (CHALLENGE, PIN), ISSUE_DATE, "6982", WRITE),
    _row("write with RK", (CHALLENGE, RK), ISSUE_DATE, "6982", SEPARATE),
    _row("write with UK of another DF", (DF01, CHALLENGE, DF01_UK1), "00DC0134050E03639901", "6982", WRITE),
    _row("write in DF01 with UK of SSSE", (CHALLENGE, UK, DF01), "00DC012C0420023131", "6982", WRITE),
    _row("write what nobody writes", (DF04, PIN), "00DC00431C" + 28 * "00", "6982", "hrss-card 4.1, 6: no UK"),
    _row("write cyclic without UK", (DF02, PIN), "00DC003B55" + 85 * "00", "6982", WRITE),
    _row("UK: the proof of RK", (CHALLENGE,), f"00820004{RK[8:]}", "63C2", "hrss-card 11: wrong UK", proof=True),
    _row("UK: one level of diversification short", (CHALLENGE,), UK_OF_CITY, "63C2", "hrss-card 4.2", proof=True),
    _row("UK: no version 01", (CHALLENGE,), f"0082000411{UK[10:]}01", "6A88", "hrss-card 4.1: versions"),
    _row("UK given: another tag", (CHALLENGE, UK), "00DC052C06060420250101", "6A80", "hrss-card 2"),
    _row("UK given: one byte too few", (CHALLENGE, UK), "00DC052C050503202501", "6700", "hrss-card 2"),
    _row("UK given: no such record", (CHALLENGE, UK), "00DC082C06050420250101", "6A83", "hrss-card 2.1"),
    _row("UK given: one record more", (CHALLENGE, UK), "00E2002C03080100", "6A84", "hrss-card 11: no extra records"),
    # --- reading ---
    *(
        _row(f"fingerprint with {what}", before, "00B0870010", "6982", SEPARATE)
        for what, before in (("nothing", ()), ("the PIN", (PIN,)), ("UK", (CHALLENGE, UK)))
    ),
    *(
        _row(f"{name} unverified", (directory,), "00B2012C00", "6982", READ)
        for name, directory in (("DF01", DF01), ("DF02", DF02), ("DF03", DF03), ("DF04", DF04), ("DF07", DF07))
    ),
    _row("DF07, a key alone opens it, with the PIN", (PIN, DF07), "00B2012C00", "6982", READ),
    _row("DF01 with its UK", (DF01, CHALLENGE, DF01_UK1), "00B2012C00", "6982", SEPARATE),
    _row("DF04 EF06, PIN and key, with the PIN", (PIN, DF04), "00B2013400", "6982", READ),
    _row("DF04 EF06, PIN and key, with the key", (DF04, CHALLENGE, DF04_RK1), "00B2013400", "6982", READ),
    # --- local keys ---
    _row("DF04 with the key of DF03", (DF03, CHALLENGE, DF03_RK1, DF04), "00B2012C00", "6982", LOCAL),
    _row("DF03 with its key, left since", (DF03, CHALLENGE, DF03_RK1, DF04, DF03), "00B2012C00", "6982", LOCAL),
    _row("DF04: the proof of the same reference in DF03", (DF04, CHALLENGE), DF03_RK1, "63C2", LOCAL, proof=True),
    _row("SSSE: a local reference", (CHALLENGE,), DF03_RK1, "6A88", LOCAL),
    # --- the PIN ---
    _row("unblock without PUK", (CHALLENGE,), "842400000401F4AB0D", "6982", "hrss-card 4.5"),
    _row("unblock with UK", (CHALLENGE, UK, CHALLENGE), "842400000401F4AB0D", "6982", "hrss-card 4.5"),
    _row("unblock, wrong MAC", (CHALLENGE, PUK, CHALLENGE), "842400000401F4AB0E", "6988", "hrss-card 4.5", proof=True),
    _row("unblock, no MAC", (CHALLENGE, PUK, CHALLENGE), "84240000", "6987", "hrss-card 4.5"),
)
