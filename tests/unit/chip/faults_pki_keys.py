"""Rows of the table of faults: key pairs and files of the PKI application. Card and challenges as in faults_pki.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.chip.fault import CLASSES, Fault
from tests.unit.chip.faults_pki import (
    AT_WORK,
    BY_ADMIN,
    BY_USER,
    CERTIFICATE,
    CHALLENGE,
    DDF,
    ENCIPHER,
    ENVELOPE,
    GENERATE,
    GENERATE_2,
    HERE,
    IMPORT_PRIVATE,
    IMPORT_PUBLIC,
    MK_3,
    NUMBER,
    OPEN,
    OURS,
    POINT,
    SESSION_KEY,
    SHEET,
    SIGN,
    ZERO_NUMBER,
    ZEROS,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_PSO = "ISO/IEC 7816-8, 11; inferred"
_FILES = "ISO/IEC 7816-4, 11.3"


def _sized(head: str, data: str) -> str:
    return f"{head}{len(data) // 2:02X}{data}"


def _objects() -> Iterator[Fault]:
    """Data objects that are not those a command takes."""
    for name, head, data in (
        ("HASH", "80C40103", "C103123456"),
        ("GENERATE KEY PAIR", "80C98200", "C0020012C2020013"),
        ("GENERATE KEY PAIR (2)", "80400000", "C0020012C2020013"),
        ("OPEN ENVELOPE", "804E0001", f"C2020013C1820070{ENVELOPE}"),
        ("LOAD SESSION KEY", "804A0210", f"C110{ZEROS}"),
        ("IMPORT KEY, public", "80C24000", f"C0020014CA40{POINT}"),
        ("IMPORT KEY, private", "80C2C001", f"C2020015CB20{NUMBER}"),
    ):
        yield Fault(f"{name}: an object too many", AT_WORK, _sized(head, f"{data}C100"), "6A80", OURS)
        yield Fault(f"{name}: an object cut off", AT_WORK, _sized(head, data[:-2]), "6A80", OURS)
        yield Fault(f"{name}: another object", AT_WORK, _sized(head, f"C7{data[2:]}"), "6A80", OURS)
        yield Fault(f"{name}: half an object more", AT_WORK, _sized(head, f"{data}C1"), "6A80", OURS)
    for name, head, first, rest, others in (
        ("GENERATE KEY PAIR", "80C98200", "C0", "C2020013", ("0013", "0014", "0018", "0015")),
        ("GENERATE KEY PAIR (2)", "80400000", "C0", "C2020013", ("0013", "0014", "0018", "0015")),
        ("OPEN ENVELOPE", "804E0001", "C2", f"C1820070{ENVELOPE}", ("0012", "0014", "0018")),
        ("IMPORT KEY, public", "80C24000", "C0", f"CA40{POINT}", ("0012", "0013", "0015", "0019")),
        ("IMPORT KEY, private", "80C2C001", "C2", f"CB20{NUMBER}", ("0012", "0013", "0014", "0018")),
    ):
        for other in others:
            data = f"{first}02{other}{rest}"
            yield Fault(f"{name}: {other} is not such a key", AT_WORK, _sized(head, data), "6981", OURS)
        for what, fid, sw in (
            ("no such file", "020077", "6A82"),
            ("FID of a byte", "0112", "6A80"),
            ("no FID", "00", "6A80"),
        ):
            yield Fault(f"{name}: {what}", AT_WORK, _sized(head, f"{first}{fid}{rest}"), sw, OURS)
        yield Fault(f"{name}: a directory", AT_WORK, _sized(head, f"{first}02DF01{rest}"), "6A82", OURS)
    for what, private in (("two public keys", "0012"), ("halves of two pairs", "0015"), ("a certificate", "0018")):
        data = f"C0020012C202{private}"
        yield Fault(f"GENERATE KEY PAIR: {what}", AT_WORK, _sized("80C98200", data), "6981", OURS)


def _key_pairs() -> Iterator[Fault]:
    blank = {"card_certificates": False}
    for name, command, login in (
        ("GENERATE KEY PAIR", GENERATE, HERE),
        ("GENERATE KEY PAIR (2)", GENERATE_2, HERE),
        ("OPEN ENVELOPE", OPEN, HERE),
        ("OPEN ENVELOPE, encryption key", OPEN.replace("0013", "0015", 1), BY_USER),
        ("LOAD SESSION KEY", SESSION_KEY, BY_USER),
        ("IMPORT KEY, public", IMPORT_PUBLIC, BY_USER),
        ("IMPORT KEY, private", IMPORT_PRIVATE, BY_USER),
        ("PERFORM SECURITY OPERATION, sign", SIGN, BY_ADMIN),
        ("PERFORM SECURITY OPERATION, decipher", "002A808661" + "00" * 97, BY_ADMIN),
    ):
        yield Fault(f"{name}: not allowed", login, command, "6982", OURS)
        yield Fault(
            f"{name}: in the directory above",
            (DDF,),
            command,
            "6A88" if command[2:4] in ("2A", "4A") else "6A82",
            OURS,
        )
    yield Fault("GENERATE KEY PAIR: give, with data", AT_WORK, "80C982800101", "6700", OURS)
    yield Fault("GENERATE KEY PAIR: give, Le 00", AT_WORK, "80C9828000", "6C42", "ISO/IEC 7816-3, 12.2")
    yield Fault("GENERATE KEY PAIR: give, Le 41", AT_WORK, "80C9828041", "6C42", "ISO/IEC 7816-3, 12.2")
    yield Fault("GENERATE KEY PAIR: give, none yet", AT_WORK, "80C9828042", "6985", OURS, settings=blank)
    yield Fault("GENERATE KEY PAIR: give, in the directory above", (DDF,), "80C9828042", "6A88", OURS)
    yield Fault("OPEN ENVELOPE: no key yet", AT_WORK, OPEN, "6985", OURS, settings=blank)
    yield Fault("OPEN ENVELOPE: for another key", AT_WORK, OPEN, "6A80", OURS)
    off = _sized("804E0001", f"C2020013C1820070{'00' * 112}")
    yield Fault("OPEN ENVELOPE: no point", AT_WORK, off, "6A80", OURS)
    short = _sized("804E0001", f"C2020013C16F{ENVELOPE[:-2]}")
    yield Fault("OPEN ENVELOPE: of 15 bytes", AT_WORK, short, "6A80", OURS)


def _key_use() -> Iterator[Fault]:
    blank = {"card_certificates": False}
    for size in (0, 8, 15, 17, 32):
        yield Fault(
            f"LOAD SESSION KEY: {size} bytes", AT_WORK, _sized("804A0210", f"C1{size:02X}{'AB' * size}"), "6A80", OURS
        )
    yield Fault("IMPORT KEY: no point", AT_WORK, f"80C2400046C0020014CA40{POINT[:-2]}C2", "6A80", OURS)
    for size in (0, 63, 65):
        data = f"C0020014CA{size:02X}{'04' * size}"
        yield Fault(f"IMPORT KEY: a public key of {size} bytes", AT_WORK, _sized("80C24000", data), "6A80", OURS)
    yield Fault("IMPORT KEY: no session key", (*BY_ADMIN, CERTIFICATE, CHALLENGE), IMPORT_PRIVATE, "6985", OURS)
    yield Fault("IMPORT KEY: number 0", AT_WORK, f"80C2C00126C2020015CB20{ZERO_NUMBER}", "6A80", OURS)
    for size in (0, 16, 31, 33, 48):
        data = f"C2020015CB{size:02X}{'AB' * size}"
        yield Fault(f"IMPORT KEY: a private key of {size} bytes", AT_WORK, _sized("80C2C001", data), "6A80", OURS)
    for what, command in (("sign", SIGN), ("decipher", "002A808661" + "00" * 97), ("encipher", ENCIPHER)):
        name = f"PERFORM SECURITY OPERATION, {what}"
        yield Fault(f"{name}: no key yet", AT_WORK, command, "6985", OURS, settings=blank)
    for size in (1, 96):
        command = f"002A8086{size:02X}" + "00" * size
        yield Fault(f"PERFORM SECURITY OPERATION, decipher: {size} bytes", AT_WORK, command, "6700", _PSO)
    yield Fault("PERFORM SECURITY OPERATION, decipher: no point", AT_WORK, "002A808661" + "00" * 97, "6A80", _PSO)
    other = f"002A808661{POINT}{'00' * 33}"
    yield Fault("PERFORM SECURITY OPERATION, decipher: for another key", AT_WORK, other, "6A80", _PSO)
    yield Fault("PERFORM SECURITY OPERATION, encipher: 160 bytes", AT_WORK, "002A8680A0" + "00" * 160, "6700", _PSO)


def _file_access() -> Iterator[Fault]:
    for fid in ("0013", "0015"):
        selected = (*AT_WORK, MK_3, f"00A4000002{fid}")
        sfi = f"{0x80 | int(fid, 16) & 0x1F:02X}"
        yield Fault(f"READ BINARY: {fid}", selected, "00B0000022", "6982", SHEET)
        yield Fault(f"READ BINARY: {fid} by SFI", AT_WORK, f"00B0{sfi}0022", "6982", SHEET)
        yield Fault(f"READ RECORD: {fid}", selected, "00B2010400", "6D00", SHEET)
        yield Fault(f"UPDATE BINARY: {fid}", selected, "00D6000002CB20", "6981", OURS)
    for fid in ("0012", "0014"):
        yield Fault(f"UPDATE BINARY: {fid}", (*AT_WORK, f"00A4000002{fid}"), "00D6000002CA40", "6981", OURS)
        yield Fault(
            f"READ BINARY: {fid} from behind its end", (*AT_WORK, f"00A4000002{fid}"), "00B0004201", "6B00", _FILES
        )
    for fid in ("0018", "0019"):
        by_user = (*BY_USER, f"00A4000002{fid}")
        yield Fault(f"UPDATE BINARY: {fid} by the user", by_user, "00D6000001AA", "6982", OURS)
        yield Fault(
            f"UPDATE BINARY: {fid} behind its end", (*AT_WORK, f"00A4000002{fid}"), "00D6040001AA", "6B00", _FILES
        )


def _of_others() -> Iterator[Fault]:
    yield Fault("GET CHALLENGE: 5", AT_WORK, "0084000005", "6700", "ISO/IEC 7816-4, 11.6.3")
    for what, command in (
        ("READ RECORD", "00B2010400"),
        ("UPDATE RECORD", "00DC0104020101"),
        ("INTERNAL AUTHENTICATE", "0088000010" + ZEROS),
        ("CHANGE PIN of the HRSS zone", "805E010007123456FF654321"),
        ("APPLICATION BLOCK", "841E000004CB8B092D"),
    ):
        sw = "6900" if command.startswith("805E") else "6D00"
        yield Fault(f"{what}: no command of this application", AT_WORK, command, sw, CLASSES)


KEY_FAULTS: tuple[Fault, ...] = (*_objects(), *_key_pairs(), *_key_use(), *_file_access(), *_of_others())
