"""What the purse refuses, as data: one row is a fault, the status word it is answered with, and who says so."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING

import pytest

from cardsim.chip.commands import HRSS_COMMANDS, PURSE_COMMANDS
from cardsim.chip.purse.body import PurseState
from cardsim.chip.purse.transaction import Pending
from cardsim.profiles import GEN2
from tests.unit.chip.fault import explains, prepare
from tests.unit.purse import demo
from tests.unit.purse.lab import VERIFY, Lab

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TERMINAL = "001122334455"
WHEN = "20260304150607"
MAC = "FFFFFFFF"

LOAD = f"805000020B0100000064{TERMINAL}10"
LOAD_PASSBOOK = f"805000010B0100000064{TERMINAL}10"
PURCHASE = f"805001020B0100000064{TERMINAL}0F"
PURCHASE_PASSBOOK = f"805001010B0100000064{TERMINAL}0F"
CASH = f"805002010B0100000064{TERMINAL}0F"
COMPOUND = f"805003020B0100000064{TERMINAL}0F"
OVERDRAFT = f"805004010701{TERMINAL}13"
UNLOAD = f"805005010B0100000064{TERMINAL}10"
CREDIT = f"805200000B{WHEN}{MAC}04"
DEBIT = f"805401000F00000000{WHEN}{MAC}08"
DEBIT_UNLOAD = f"805403000B{WHEN}{MAC}04"
UPDATE = f"805800000E000064{WHEN}{MAC}04"
CACHE = f"80DC00F030{'AB' * 48}"
PROVE = "805A000602000708"
BALANCE = "805C000204"

STATES = {1: PurseState(500, 3, 4, 100), 2: PurseState(300, 5, 6)}
SHEET = "native-card-os 4.1"
TRANSIT = "transit 3.4"
ORDER = "native-card-os 4.1: 6901 wrong order"
EXHAUSTED = "native-card-os 4.2: 9402 transaction counter maximum"


@dataclass(frozen=True, slots=True)
class Fault:
    """``command`` behind ``before`` is answered ``sw``, and nothing changes.

    ``pending``: the transaction under way stays so; else it ends, and nothing is staged any more.
    """

    name: str
    before: tuple[str, ...]
    command: str
    sw: str
    source: str
    card: str = "demo"
    settings: Mapping[str, object] = field(default_factory=dict)
    pending: bool = False


def _refused(name: str, command: str, sw: str, source: str = SHEET, *before: str, card: str = "demo") -> Fault:
    return Fault(name, (VERIFY, *before), command, sw, source, card)


def _initialize() -> Iterator[Fault]:
    for p1, p2 in ("06", "01"), ("FF", "02"), ("00", "00"), ("00", "03"), ("01", "03"):
        yield _refused(f"INITIALIZE: P1 P2 = {p1}{p2}", f"8050{p1}{p2}{LOAD[8:]}", "6A86")
    for p1, p2, what in ("02", "02", "cash"), ("03", "01", "compound"), ("04", "02", "limit"), ("05", "02", "unload"):
        yield _refused(f"INITIALIZE: {what} of the other purse", f"8050{p1}{p2}{LOAD[8:]}", "6A86")
    for name, command in (
        ("load", LOAD),
        ("purchase", PURCHASE),
        ("cash", CASH),
        ("compound", COMPOUND),
        ("unload", UNLOAD),
    ):
        yield _refused(f"INITIALIZE: {name}, Lc 0A", f"{command[:8]}0A{command[10:30]}", "6700")
        yield _refused(f"INITIALIZE: {name}, Lc 0C", f"{command[:8]}0C{command[10:32]}00", "6700")
        yield _refused(f"INITIALIZE: {name}, no data", command[:8], "6700")
        yield _refused(f"INITIALIZE: {name}, no such key", f"{command[:10]}07{command[12:]}", "9403")
    yield _refused("INITIALIZE: limit, Lc 0B", f"80500401{LOAD[8:]}", "6700")
    yield _refused("INITIALIZE: limit, no such key", f"805004010702{TERMINAL}13", "9403")
    yield _refused("INITIALIZE: a key of another use", f"805005010B4100000064{TERMINAL}10", "9403")
    for name, command in (
        ("purchase", PURCHASE),
        ("passbook purchase", PURCHASE_PASSBOOK),
        ("cash", CASH),
        ("compound", COMPOUND),
        ("unload", UNLOAD),
    ):
        amount = f"{command[:12]}000001F5{command[20:]}"
        yield _refused(f"INITIALIZE: {name} of more than there is", amount, "9401")
    for name, command in ("wallet", LOAD), ("passbook", LOAD_PASSBOOK):
        for amount in ("7FFFFFFF", "FFFFFFFF"):
            too_much = f"{command[:12]}{amount}{command[20:]}"
            source = "native-card-os 4.2: conditions of use; no source has a limit"
            yield _refused(f"INITIALIZE: load of {amount}, {name}", too_much, "6985", source)


def _conditions() -> Iterator[Fault]:
    without_pin = (
        ("a load", LOAD),
        ("a load of the passbook", LOAD_PASSBOOK),
        ("a purchase from the passbook", PURCHASE_PASSBOOK),
        ("cash", CASH),
        ("an unload", UNLOAD),
        ("an overdraft update", OVERDRAFT),
        ("the passbook's balance", "805C000104"),
    )
    for name, command in without_pin:
        yield Fault(f"{name} without PIN", (), command, "6982", "native-card-os 4")
        yield Fault(
            f"{name} without PIN, where that is 6985",
            (),
            command,
            "6985",
            "native-card-os 3",
            settings={"purse_not_allowed": 0x6985},
        )
    yield Fault("reading the log without PIN", (), "00B201C417", "6982", "native-card-os 1.4 (a)")
    for name, command in ("load", LOAD), ("unload", UNLOAD), ("limit", OVERDRAFT):
        yield _refused(f"INITIALIZE: {name}, the on-line counter at its end", command, "9402", EXHAUSTED, card="online")
    for name, command in ("purchase", PURCHASE), ("cash", CASH), ("compound", COMPOUND):
        at_end = f"INITIALIZE: {name}, the off-line counter at its end"
        yield _refused(at_end, command, "9402", EXHAUSTED, card="offline")
    for name, command in ("load", LOAD_PASSBOOK), ("balance", "805C000104"), ("cash", CASH):
        yield _refused(f"{name} of a passbook that is not there", command, "6A82", "native-card-os 4", card="wallet")
    yield _refused("a proof of a passbook's", "805A0001020001", "9406", "native-card-os 4", card="wallet")
    for name, command in ("load", LOAD), ("purchase", PURCHASE), ("limit", OVERDRAFT):
        yield _refused(f"{name} where there is no TAC key", command, "9403", SHEET, card="no TAC")


OPENED = {
    "nothing": (),
    "a load": (LOAD,),
    "a purchase": (PURCHASE,),
    "cash": (CASH,),
    "a compound purchase": (COMPOUND,),
    "a cached record": (COMPOUND, CACHE),
    "an unload": (UNLOAD,),
    "an overdraft update": (OVERDRAFT,),
}
CLOSED_BY = {
    CREDIT: ("a load",),
    DEBIT: ("a purchase", "cash", "a compound purchase", "a cached record"),
    DEBIT_UNLOAD: ("an unload",),
    UPDATE: ("an overdraft update",),
    CACHE: ("a compound purchase", "a cached record"),
}
NAMES = {
    CREDIT: "CREDIT FOR LOAD",
    DEBIT: "DEBIT",
    DEBIT_UNLOAD: "DEBIT FOR UNLOAD",
    UPDATE: "UPDATE OVERDRAFT LIMIT",
    CACHE: "UPDATE CAPP DATA CACHE",
}


def _order() -> Iterator[Fault]:
    for command, name in NAMES.items():
        for opened, before in OPENED.items():
            if opened not in CLOSED_BY[command]:
                yield _refused(f"{name} behind {opened}", command, "6901", ORDER, *before)
                yield Fault(
                    f"{name} behind {opened}, where that is 6985",
                    (VERIFY, *before),
                    command,
                    "6985",
                    "transit 3.4",
                    settings={"purse_wrong_order": 0x6985},
                )
            elif command != CACHE:
                yield _refused(f"{name} behind {opened}, wrong MAC", command, "9302", SHEET, *before)
                yield _refused(f"{name} behind {opened}, again", command, "6901", ORDER, *before, f"{command} 9302")
                short = f"{command[:8]}{int(command[8:10], 16) - 1:02X}{command[10:-4]}"
                yield _refused(f"{name} behind {opened}, too short", short, "6700", SHEET, *before)
                yield _refused(f"{name} behind {opened}, no data", command[:8], "6700", SHEET, *before)
                yield _refused(
                    f"{name} behind {opened}, P2 01", f"{command[:6]}01{command[8:]}", "6A86", SHEET, *before
                )
    yield _refused("CREDIT FOR LOAD: P1 01", f"805201{CREDIT[6:]}", "6A86", SHEET, LOAD)
    yield _refused("DEBIT: P1 02", f"805402{DEBIT[6:]}", "6A86", SHEET, PURCHASE)
    yield _refused("DEBIT: P1 00", f"805400{DEBIT[6:]}", "6A86", SHEET, PURCHASE)
    yield _refused("UPDATE OVERDRAFT LIMIT: P1 01", f"805801{UPDATE[6:]}", "6A86", SHEET, OVERDRAFT)
    ending = {
        "GET BALANCE": BALANCE,
        "GET CHALLENGE": "0084000008",
        "READ BINARY": "00B0950000",
        "a refused READ BINARY": "00B0830000 6A82",
        "a refused GET BALANCE": "805C000304 6A86",
        "GET TRANSACTION PROVE": "805A00060200FF08 9406",
        "VERIFY": VERIFY,
        "SELECT": "00A4040009A00000000386980701",
        "SELECT of a file": "00A40000020015",
        "a refused SELECT": "00A4000002EEEE 6A82",
        "another INITIALIZE": LOAD,
        "a refused INITIALIZE": f"{LOAD[:10]}07{LOAD[12:]} 9403",
    }
    for name, step in ending.items():
        steps = (COMPOUND, CACHE, step)
        yield _refused(f"DEBIT behind {name}", DEBIT, "6901", ORDER, *steps)
        yield _refused(f"UPDATE CAPP DATA CACHE behind {name}", CACHE, "6901", ORDER, COMPOUND, CACHE, step)


def _cache() -> Iterator[Fault]:
    def row(name: str, command: str, sw: str, *before: str, source: str = TRANSIT) -> Fault:
        return Fault(f"UPDATE CAPP DATA CACHE: {name}", (VERIFY, COMPOUND, *before), command, sw, source, pending=True)

    metro = "083106A1A2A3A4A5A6"
    for mode in (1, 2, 5, 6, 7):
        yield row(f"mode {mode}", f"80DC01{0xB8 | mode:02X}{metro}", "6A86")
    yield row("mode 3 of a file that is not cyclic", f"80DC00BB{metro}", "6A86")
    yield row("no such file", f"80DC01A4{metro}", "6A82")
    yield row("no current file", f"80DC0104{metro}", "6986")
    yield row("a transparent file", f"80DC01AC{metro}", "6981")
    yield row("the log", f"80DC00C017{'AB' * 23}", "6982")
    yield row("the purse itself", f"80DC0114{metro}", "6982")
    yield row("no such record", f"80DC03BC{metro}", "6A83")
    yield row("record 0", f"80DC00BC{metro}", "6A83")
    yield row("no such identifier", f"80DC33B8{metro}", "6A83")
    yield row("longer than the record", f"80DC01BC09{metro[2:]}A7", "6700")
    yield row("no data", "80DC01BC", "6700")
    yield row("another identifier", f"80DC01BC08{'32'}{metro[4:]}", "6A80")
    yield row("another length", "80DC01BC083105A1A2A3A4A5A6", "6A80")
    yield row("cyclic, by number", f"80DC01F430{'AB' * 48}", "6A86")
    yield row("cyclic, by identifier", f"80DC01F030{'AB' * 48}", "6A86")
    yield row("cyclic, too short", f"80DC00F02F{'AB' * 47}", "6700")
    yield row("cyclic, too long", f"80DC00F031{'AB' * 49}", "6700")
    yield row("behind a cached record", f"80DC03BC{metro}", "6A83", CACHE)


def _asking() -> Iterator[Fault]:
    for p1, p2 in ("04", "02"), ("FF", "02"), ("00", "00"), ("00", "03"), ("00", "82"):
        yield _refused(f"GET BALANCE: P1 P2 = {p1}{p2}", f"805C{p1}{p2}04", "6A86", "transit 3.2")
    yield Fault(
        "GET BALANCE: a form that the profile has not",
        (),
        "805C030204",
        "6A86",
        "native-card-os 4",
        settings={"purse_balance_forms": [0]},
    )
    yield _refused("GET BALANCE: with data", "805C00020100", "6700", "ISO/IEC 7816-4, 5.1")
    for p1, kind in ("01", "06"), ("00", "00"), ("00", "08"), ("00", "0A"), ("00", "91"):
        yield _refused(f"GET TRANSACTION PROVE: P1 P2 = {p1}{kind}", f"805A{p1}{kind}02000708", "6A86", "transit 3.5")
    for size in ("010000", "0300000000"):
        yield _refused(f"GET TRANSACTION PROVE: {size}", f"805A0006{size}", "6700", "transit 3.5")
    for kind in ("01", "02", "03", "04", "05", "06", "07", "09"):
        for number in ("0000", "0001", "0007", "FFFF"):
            name = f"GET TRANSACTION PROVE: {kind}, number {number}, of none done"
            yield _refused(name, f"805A00{kind}02{number}08", "9406", "native-card-os 4")


def _files() -> Iterator[Fault]:
    source = "native-card-os 4: the COS alone keeps purse and log"
    yield _refused("READ BINARY of a purse", "00B0820004", "6981", source)
    yield _refused("UPDATE BINARY of a purse", "00D682000400000000", "6981", source)
    yield _refused("READ RECORD of a purse", "00B2011404", "6A83", source)
    yield _refused("UPDATE RECORD of a purse", "00DC0114040102AAAA", "6A83", source)
    yield _refused("APPEND RECORD to a purse", "00E20014040102AAAA", "6982", source)
    yield _refused("UPDATE RECORD of the log", f"00DC00C317{'AB' * 23}", "6982", source)
    yield _refused("APPEND RECORD to the log", f"00E200C417{'AB' * 23}", "6982", source)
    for command in (f"00DC00F330{'AB' * 48}", "00DC01BC083106A1A2A3A4A5A6", "00E200BC023300"):
        yield _refused(f"{command[:8]} without a compound purchase", command, "6982", TRANSIT)


EXAMPLES = {
    "INITIALIZE": ((VERIFY,), LOAD),
    "CREDIT FOR LOAD": ((VERIFY, LOAD), CREDIT),
    "DEBIT": ((PURCHASE,), DEBIT),
    "UPDATE OVERDRAFT LIMIT": ((VERIFY, OVERDRAFT), UPDATE),
    "UPDATE CAPP DATA CACHE": ((COMPOUND,), CACHE),
    "GET BALANCE": ((), BALANCE),
    "GET TRANSACTION PROVE": ((), PROVE),
}


def _classes() -> Iterator[Fault]:
    """The faults that every command can have; unknown class bytes reach no command, so they end nothing."""
    for name, (before, command) in EXAMPLES.items():
        forms = {
            f"CLA {cla}": (cla + command[2:], sw)
            for cla, sw in (
                *((cla, "6882") for cla in ("84", "88", "8C")),
                *((cla, "6881") for cla in ("81", "83")),
                *((cla, "6E00") for cla in ("20", "40", "A0", "FF")),
                ("90", "6884"),
            )
        }
        forms["cut off in the header"] = command[:6], "6700"
        if name != "UPDATE CAPP DATA CACHE":  # 00 DC is UPDATE RECORD
            forms["CLA of the other class"] = f"00{command[2:]}", "6E00"
        if name != "GET BALANCE":
            forms["cut off in the data"] = command[:12], "6700"
        for what, (form, sw) in forms.items():
            pending = bool(before) and before[-1] != VERIFY
            yield Fault(f"{name}: {what}", before, form, sw, "ISO/IEC 7816-4, 5.1, 5.4.1, 5.6", pending=pending)


FAULTS = (*_initialize(), *_conditions(), *_order(), *_cache(), *_asking(), *_files(), *_classes())


@cache
def memory_of(card: str) -> bytes:
    keys = demo.PURSE.keys
    at_end = {"online": {"online": 0xFFFF}, "offline": {"offline": 0xFFFF}}.get(card, {})
    states = {fid: replace(state, **at_end) for fid, state in STATES.items()}
    application = {
        "wallet": replace(demo.PURSE, purses=demo.PURSE.purses[1:]),
        "no TAC": replace(demo.PURSE, keys=tuple(key for key in keys if key.name != "DTK")),
    }.get(card, demo.PURSE)
    return demo.image(states=states, application=application)


@pytest.mark.parametrize("fault", FAULTS, ids=attrgetter("name"))
def test_fault(fault: Fault) -> None:
    card = Lab(memory_of(fault.card), GEN2.override(fault.settings))
    for step in fault.before:
        prepare(card.send, step)
    context = card.card.context
    before = bytes(card.memory.view), context.directory, context.file, context.granted, context.challenge
    commits, work = len(card.journal.frames), context.work

    assert card.send(fault.command) == fault.sw

    assert (bytes(card.memory.view), context.directory, context.file, context.granted, context.challenge) == before
    assert len(card.journal.frames) == commits
    if fault.pending:
        assert isinstance(work, Pending)
        assert context.work is work
    else:
        assert context.work is None
        assert not card.memory._staged
    explains(card.card, fault.sw)


def test_names_of_the_table_are_unique_and_every_row_has_a_source() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert all(fault.source for fault in FAULTS)


def test_every_purse_command_has_an_example() -> None:
    own = {spec.name for code, spec in PURSE_COMMANDS.by_code.items() if code not in HRSS_COMMANDS.by_code}
    assert own == set(EXAMPLES)
    assert PURSE_COMMANDS.by_code.keys() > HRSS_COMMANDS.by_code.keys()
