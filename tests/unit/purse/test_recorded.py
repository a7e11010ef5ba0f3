"""A recorded purchase of a real transit card: its keys are unpublished, so what is tested is the framing.

Source: facts transit-campus-health-zones 3.5 and 3.6 (RELAY; the payload of GET TRANSACTION PROVE is another card's).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from apdu import Response
from keys.purse import Terms, TransactionType
from keys.purse_hsm import Opened
from readers.terminal import purse
from readers.terminal.purse import Attempt, Desk

if TYPE_CHECKING:
    from readers.terminal.script import Script

OPENED = "000162AF0036000320010084176AD7"
PAID = "C630C2C8ABCC913B"
WHEN = "20180313164329"


class RecordedModule:
    """The terminal's security module, as it answered then."""

    def __init__(self) -> None:
        self.asked: tuple[Opened, Terms, bytes] | None = None
        self.mac2 = b""

    def order(self, opened: Opened, terms: Terms, when: bytes) -> tuple[bytes, bytes]:
        self.asked = opened, terms, when
        return bytes.fromhex("00000057"), bytes.fromhex("66CBC863")

    def confirms(self, mac2: bytes) -> bool:
        self.mac2 = mac2
        return True


def replayed(script: Script[object], exchanges: list[tuple[str, str]]) -> object:
    """Play a script against what was recorded, of which every byte must be as it was."""
    command = next(script)
    for number, (sent, answer) in enumerate(exchanges, 1):
        assert command.encode().hex().upper() == sent
        try:
            command = script.send(Response.parse(bytes.fromhex(answer + "9000")))
        except StopIteration as end:
            assert number == len(exchanges)
            return end.value
    raise AssertionError(f"the script goes on with {command}")


def test_a_compound_purchase() -> None:
    module = RecordedModule()
    desk = Desk(bytes.fromhex("200041599997"), datetime.strptime(WHEN, "%Y%m%d%H%M%S"))  # noqa: DTZ007  its own clock
    receipt = replayed(
        purse.compound_purchase(module, desk, 0xC8),
        [
            ("805003020B01000000C82000415999970F", OPENED),
            (f"805401000F00000057{WHEN}66CBC86308", PAID),
        ],
    )
    opened = Opened(0x162AF, 0x36, 0x320, 1, 0, bytes.fromhex("84176AD7"))
    terms = Terms.of_amount(0xC8, TransactionType.COMPOUND, bytes.fromhex("200041599997"))
    assert module.asked == (opened, terms, bytes.fromhex(WHEN))
    assert module.mac2 == bytes.fromhex("ABCC913B")
    assert isinstance(receipt, purse.Receipt)
    assert (receipt.tac.hex().upper(), receipt.balance) == ("C630C2C8", 0x162AF - 0xC8)


def test_a_proof() -> None:
    attempt = Attempt(TransactionType.COMPOUND, 0x36)
    proof = replayed(purse.prove(attempt), [("805A000902003708", "EDF2979B6E9437BC")])
    assert proof == bytes.fromhex("EDF2979B6E9437BC")
