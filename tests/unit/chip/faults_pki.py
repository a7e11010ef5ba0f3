"""Rows of the table of faults: the commands of the PKI application (driver: tests/unit/pki/test_faults.py).

The card is that of tests/unit/pki/lab.py, default PINs, TEST_MK. Challenges are 11.., 22.., 33.. in turn. Cryptograms:
by the openssl command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.chip.fault import CLASSES, SHORT, Example, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

DDF = "00A404000C504B492EC9E7BBE1B1A3D5CF"
ADF = "00A404000C53532E434552542E41444631"
HERE = (DDF, ADF)
CHALLENGE = "0084000010"
USER_1 = "00200181104D61FA6D3E408514399231B886F7496C"
ADMIN_1, ADMIN_2 = (
    f"0020010010{proof}" for proof in ("2D3031DB4CB6160289BFDAE631452341", "9683B77B5B45B62E8D9D72558CF0AA30")
)
MK_1, MK_3 = "00820000103AA62E57A2A4793FD34EA9059600F813", "008200001018A102C51F9B0F517339D5C181C61A20"
SESSION_KEY = "804A021012C11053455353494F4E204B45592030303031"
CERTIFICATE = "00A40000020018"
# Both PINs, a session key, an EF and a challenge (33..) stand, so that a refusal that loses one of them shows.
AT_WORK = (*HERE, CHALLENGE, USER_1, CHALLENGE, ADMIN_2, SESSION_KEY, CERTIFICATE, CHALLENGE)
BY_USER = (*HERE, CHALLENGE, USER_1)
BY_ADMIN = (*HERE, CHALLENGE, ADMIN_1)
WITH_MK = (*AT_WORK, MK_3, CHALLENGE)
FAST_RUN = (*HERE, CHALLENGE)

ZEROS = "00" * 16
WRONG_USER, WRONG_ADMIN, WRONG_MK = f"0020018110{ZEROS}", f"0020010010{ZEROS}", f"0082000010{ZEROS}"


def _wrong(command: str, limit: int) -> tuple[str, ...]:
    """``limit`` wrong proofs, each with its challenge."""
    pairs = ((CHALLENGE, f"{command} 63C{left}") for left in range(limit - 1, -1, -1))
    return tuple(step for pair in pairs for step in pair)


USER_BLOCKED = (*HERE, *_wrong(WRONG_USER, 6))
MK_BLOCKED = (*HERE, *_wrong(WRONG_MK, 3))

# Under 33..: the new PIN is 654321 or 87654321, the new master key "TEST MASTER KEY2"; a MAC's last byte made wrong.
CHANGE_USER = "845E018114714035C6FAF675C404311D61AE3E8083223AE50E"
UNBLOCK_USER = "8424008104E17B47B1"
RELOAD_USER = "8424018114F74E21C685127F2DE639E1F8B276D1813D968A70"
UPDATE_KEY = "84D4010024A89D6D53A6EF520E7BBE7EE7C912E2751997CA0C96B2090588379974CABCDCF9CC8E860E"
# Under 44..
UNBLOCK_ADMIN = "842400000411B3A816"
RELOAD_ADMIN = "8424010014D62A45CDA85F800BCE9F80AB6F94B1FEC3F53A9E"

POINT = (
    "DDF092555409C19DFDBE86A75C139906A80198337744EE78CD27E384D9FCAF15"
    "847D18FFB38E87065CD6B6E9C12D2922037937707D6A49A2223B949657E52BC1"
)
"""7 G; 7 under SESSION_KEY follows."""
NUMBER = "7B1E930FF3D8CCB9373B99F8FB65DD34BEFB86AE155326A3FB5C07934480E35C"
ZERO_NUMBER = "7B1E930FF3D8CCB9373B99F8FB65DD34" * 2
GENERATE, GENERATE_2 = "80C9820008C0020012C2020013", "8040000008C0020012C2020013"
IMPORT_PUBLIC = f"80C2400046C0020014CA40{POINT}"
IMPORT_PRIVATE = f"80C2C00126C2020015CB20{NUMBER}"
ENVELOPE = f"{POINT}{'00' * 48}"
"""A point and nothing that belongs to it."""
OPEN = f"804E000178C2020013C1820070{ENVELOPE}"
SIGN = "002A9E9A20" + "11" * 32
ENCIPHER = "002A868003616263"

EXAMPLES = {
    "SELECT": Example("00A40000020012", sends_data=True),
    "GET CHALLENGE": Example(CHALLENGE),
    "READ BINARY": Example("00B0000010"),
    "UPDATE BINARY": Example("00D6000002AABB", sends_data=True),
    "HASH": Example("80C4010305C103123456", sends_data=True),
    "VERIFY": Example("00200181101DF24955FB56C388F456096B7F3C9A1F", sends_data=True),
    "CHANGE PIN": Example(CHANGE_USER, sends_data=True),
    "PIN CHANGE/UNBLOCK": Example(UNBLOCK_USER, sends_data=True),
    "EXTERNAL AUTHENTICATE": Example(MK_3, sends_data=True),
    "UPDATE KEY": Example(UPDATE_KEY, sends_data=True),
    "GENERATE KEY PAIR": Example(GENERATE, sends_data=True),
    "GENERATE KEY PAIR (2)": Example(GENERATE_2, sends_data=True),
    "LOAD SESSION KEY": Example(SESSION_KEY, sends_data=True),
    "IMPORT KEY": Example(IMPORT_PRIVATE, sends_data=True),
    "PERFORM SECURITY OPERATION": Example(SIGN, sends_data=True),
}
"""Each command as it is rightly sent at work. OPEN ENVELOPE is not here: who enciphers takes random numbers."""

SHEET = "hrss-card 8"
OURS = "hrss-card 8; status word inferred"
_PIN, _KEY = "ISO/IEC 7816-4, 11.6.6; hrss-card 8", "ISO/IEC 7816-4, 11.6.4; hrss-card 8"


def _generic() -> Iterator[Fault]:
    """The faults that every command can have."""
    for name, command in [*((name, example.command) for name, example in EXAMPLES.items()), ("OPEN ENVELOPE", OPEN)]:
        cla, rest = int(command[:2], 16), command[2:]
        for bits in sorted({cla & ~0x0C | bits for bits in (0x04, 0x08, 0x0C)} - {cla}):
            yield Fault(f"{name}: CLA {bits:02X}, secure messaging", AT_WORK, f"{bits:02X}{rest}", "6882", CLASSES)
        for channel in (1, 2, 3):
            yield Fault(f"{name}: channel {channel}", AT_WORK, f"{cla | channel:02X}{rest}", "6881", CLASSES)
        yield Fault(f"{name}: chaining", AT_WORK, f"{cla | 0x10:02X}{rest}", "6884", CLASSES)
        if cla & 0x0C:
            yield Fault(f"{name}: in clear", AT_WORK, f"{cla & ~0x0C:02X}{rest}", "6900", "native-card-os 4.2")
        yield Fault(f"{name}: CLA of the other class", AT_WORK, f"{cla ^ 0x80:02X}{rest}", "6E00", CLASSES)
        yield Fault(f"{name}: CLA A0", AT_WORK, f"A0{rest}", "6E00", CLASSES)
        yield Fault(f"{name}: cut off in the header", AT_WORK, command[:6], "6700", SHORT)
        if len(command) > 10:
            yield Fault(f"{name}: cut off in the data", AT_WORK, command[:-2], "6700", "ISO/IEC 7816-4, 5.1")
            yield Fault(f"{name}: two bytes too long", AT_WORK, f"{command}0000", "6700", "ISO/IEC 7816-4, 5.1")


def _parameters() -> Iterator[Fault]:
    """P1 P2 that a command does not know, and data of another length."""
    wrong = {
        "VERIFY": ("0000", "0081", "0281", "8081"),
        "CHANGE PIN": ("0081", "0000", "0281"),
        "PIN CHANGE/UNBLOCK": ("0281", "8081", "FF00"),
        "EXTERNAL AUTHENTICATE": ("0100", "8000"),
        "UPDATE KEY": ("0000", "0200"),
        "HASH": ("0000", "0100", "0203", "0104"),
        "GENERATE KEY PAIR": ("0000", "8100", "8201", "8000"),
        "GENERATE KEY PAIR (2)": ("0001", "0100", "8200"),
        "OPEN ENVELOPE": ("0000", "0101", "0002"),
        "LOAD SESSION KEY": ("0120", "0200", "0010"),
        "IMPORT KEY": ("0000", "C000", "4001", "C040"),
        "PERFORM SECURITY OPERATION": ("0000", "9E9B", "9A9E", "0868"),
        "GET CHALLENGE": ("0100", "0001"),
    }
    commands = {name: example.command for name, example in EXAMPLES.items()} | {"OPEN ENVELOPE": OPEN}
    for name, parameters in wrong.items():
        command = commands[name]
        for p1p2 in parameters:
            yield Fault(f"{name}: P1 P2 {p1p2}", AT_WORK, f"{command[:4]}{p1p2}{command[8:]}", "6A86", OURS)
    for name, before in (
        ("VERIFY", AT_WORK),
        ("CHANGE PIN", AT_WORK),
        ("PIN CHANGE/UNBLOCK", AT_WORK),
        ("EXTERNAL AUTHENTICATE", AT_WORK),
        ("UPDATE KEY", AT_WORK),
        ("PERFORM SECURITY OPERATION", AT_WORK),
    ):
        command = commands[name]
        size, data = int(command[8:10], 16), command[10:]
        yield Fault(f"{name}: a byte less", before, f"{command[:8]}{size - 1:02X}{data[:-2]}", "6700", OURS)
        yield Fault(f"{name}: a byte more", before, f"{command[:8]}{size + 1:02X}{data}00", "6700", OURS)
    for name, command in commands.items():
        # Without data VERIFY asks, and GENERATE KEY PAIR has a form of its own.
        if len(command) > 10 and name not in ("SELECT", "VERIFY", "UPDATE BINARY"):
            yield Fault(f"{name}: no data", AT_WORK, command[:8], "6700", OURS)


_PROOFS = (
    ("VERIFY", USER_1, WRONG_USER, 6, _PIN),
    ("VERIFY administrator", ADMIN_1, WRONG_ADMIN, 6, _PIN),
    ("EXTERNAL AUTHENTICATE", MK_1, WRONG_MK, 3, _KEY),
)
_LINES = (
    ("CHANGE PIN", AT_WORK, CHANGE_USER),
    ("PIN CHANGE/UNBLOCK", AT_WORK, UNBLOCK_USER),
    ("PIN CHANGE/UNBLOCK, new value", AT_WORK, RELOAD_USER),
    ("PIN CHANGE/UNBLOCK, administrator PIN", WITH_MK, UNBLOCK_ADMIN),
    ("PIN CHANGE/UNBLOCK, new administrator PIN", WITH_MK, RELOAD_ADMIN),
    ("UPDATE KEY", AT_WORK, UPDATE_KEY),
)


def _credentials() -> Iterator[Fault]:
    for name, right, wrong, limit, source in _PROOFS:
        yield Fault(f"{name}: no challenge", HERE, right, "6984", source)
        yield Fault(f"{name}: a challenge of 8", (*HERE, "0084000008"), right, "6984", source)
        yield Fault(f"{name}: wrong", FAST_RUN, wrong, f"63C{limit - 1}", source, charged=True, spent=True)
        last = (*HERE, *_wrong(wrong, limit)[:-1])
        yield Fault(f"{name}: the last try", last, wrong, "63C0", source, charged=True, spent=True)
        blocked = (*HERE, *_wrong(wrong, limit), CHALLENGE)
        yield Fault(f"{name}: blocked", blocked, right, "6983", source, spent=True)
        yield Fault(f"{name}: of another application", (DDF, CHALLENGE), right, "6A88", source)
    for name, before, command in _LINES:
        broken = f"{command[:-2]}{int(command[-2:], 16) ^ 1:02X}"
        yield Fault(f"{name}: no challenge", before[:-1], command, "6984", OURS)
        yield Fault(f"{name}: wrong MAC", before, broken, "6988", SHEET, charged=True, spent=True)
        yield Fault(
            f"{name}: MAC of another challenge", (*before, CHALLENGE), command, "6988", SHEET, charged=True, spent=True
        )
        yield Fault(
            f"{name}: wrong MAC, where that is 9302",
            before,
            broken,
            "9302",
            "hrss-card 3",
            settings={"wrong_mac": 0x9302},
            charged=True,
            spent=True,
        )
        yield Fault(f"{name}: a challenge of 8", (*before, "0084000008"), command, "6984", OURS)
    yield Fault("VERIFY: no such PIN", AT_WORK, f"0020018210{ZEROS}", "6A88", _PIN)
    yield Fault("VERIFY: how many tries are left", HERE, "00200181", "63C6", _PIN)
    yield Fault("VERIFY: how many tries, after one", (*HERE, *_wrong(WRONG_USER, 6)[:2]), "0020018100", "63C5", _PIN)
    yield Fault("VERIFY: how many tries, blocked", USER_BLOCKED, "00200181", "6983", _PIN)
    yield Fault("VERIFY: no data, where refused", HERE, "00200181", "6700", _PIN, settings={"verify_query": "6700"})
    yield Fault(
        "VERIFY: a limit of one",
        FAST_RUN,
        WRONG_USER,
        "63C0",
        _PIN,
        settings={"pki_user_pin_limit": 1},
        charged=True,
        spent=True,
    )
    yield Fault(
        "VERIFY: a limit of two",
        FAST_RUN,
        WRONG_ADMIN,
        "63C1",
        _PIN,
        settings={"pki_admin_pin_limit": 2},
        charged=True,
        spent=True,
    )
    yield Fault("CHANGE PIN: no such PIN", AT_WORK, f"845E0182{CHANGE_USER[8:]}", "6A88", SHEET)
    yield Fault("CHANGE PIN: blocked", (*USER_BLOCKED, CHALLENGE), CHANGE_USER, "6983", SHEET, spent=True)
    for what, sw, data in (
        ("not sealed", "6988", "7DCBD6718EC999CB28DCCE70BE891229BDF1CF4D"),
        ("a PIN of 2 digits", "6A80", "6AFBBCAE06046F4823D587F3877A898563D176EE"),
        ("a PIN of 18 digits", "6A80", "ABACAFEC8F5422646629E1532B1AB8C190EA7042"),
        ("a PIN with a letter", "6A80", "C870DDC7B798F256FA641D74B6C9888188584D6E"),
        ("a PIN with F in it", "6A80", "61B37144315585F8A9165461C869BF848BA193A6"),
        ("a PIN that ends in FF", "6A80", "A15B9C3621826F0D902C91C9B1D84D056AE67406"),
    ):
        yield Fault(f"CHANGE PIN: {what}, right MAC", AT_WORK, f"845E018114{data}", sw, OURS, signed=True)
    yield Fault("PIN CHANGE/UNBLOCK: no such PIN", AT_WORK, f"84240082{UNBLOCK_USER[8:]}", "6A88", OURS)
    for what, command in (("", UNBLOCK_USER), (", new value", RELOAD_USER)):
        name = f"PIN CHANGE/UNBLOCK{what}: administrator PIN not verified"
        yield Fault(name, (*BY_USER, CHALLENGE), command, "6982", OURS)
    for what, command in (("", UNBLOCK_ADMIN), (", new value", RELOAD_ADMIN)):
        name = f"PIN CHANGE/UNBLOCK{what}: master key not authenticated"
        yield Fault(name, AT_WORK, command, "6982", OURS)
    for what, sw, data in (
        ("not sealed", "6988", "36D667E503D97625694E38F382FD42E914D6484F"),
        ("a PIN of 2 digits", "6A80", "082EE117203BE3D9A53E9861AE50854D841A178B"),
    ):
        yield Fault(f"PIN CHANGE/UNBLOCK: {what}, right MAC", AT_WORK, f"8424018114{data}", sw, OURS, signed=True)
    yield Fault("EXTERNAL AUTHENTICATE: no such key", AT_WORK, f"0082000110{ZEROS}", "6A88", _KEY)
    yield Fault("UPDATE KEY: no such key", AT_WORK, f"84D40101{UPDATE_KEY[8:]}", "6A88", SHEET)
    yield Fault("UPDATE KEY: blocked", (*MK_BLOCKED, CHALLENGE), UPDATE_KEY, "6983", SHEET, spent=True)
    for what, sw, data in (
        ("another head", "6A80", "87079580AF82D4D43B5F4729952341551997CA0C96B2090588379974CABCDCF9770B7BED"),
        ("a key of 15 bytes", "6A80", "3B39313ECD057C19BF36DE7C5FAB268A97AE9AB7436B256C53D116E36511A9DAB9FE1981"),
        ("not sealed", "6988", "F0279F7A8AB484316C4EEA5F14ED540D21A33A0165CC0BC62EC1C546D74FCE75019E7D36"),
    ):
        yield Fault(f"UPDATE KEY: {what}, right MAC", AT_WORK, f"84D4010024{data}", sw, OURS, signed=True)


FAULTS: tuple[Fault, ...] = (*_generic(), *_parameters(), *_credentials())
