"""Money is neither made nor lost: any transactions, torn at any command and any frame, resolved at once or later.

The ledger here knows what was done from receipts and from GET TRANSACTION PROVE alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from apdu import Command
from cardsim.chip.purse.body import PurseState
from cardsim.chip.purse.file import PurseFile
from cardsim.profiles import GEN2
from keys.purse import TransactionType
from readers.errors import CardRefusedError
from readers.terminal import purse
from readers.terminal.purse import Attempt, CacheUpdate, Desk, PurseId, Receipt
from tests.unit.purse import demo
from tests.unit.purse.bank import desk, hsm, play
from tests.unit.purse.lab import VERIFY, Lab, PowerCut

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cardsim.profiles import Profile
    from keys.purse_hsm import SoftwarePurseHsm
    from readers.terminal.script import Script

PASSBOOK, WALLET = PurseId.PASSBOOK, PurseId.WALLET


@dataclass(frozen=True)
class Rest:
    """As much as the purse has, and a little more or less."""

    more: int


Amount = int | Rest
Tear = tuple[int, str, int]
amounts = st.sampled_from([0, 1, 7, 50, 333, 1_000, 2_500, 0x7FFF_FFFF, 0xFFFF_FFFF, *map(Rest, (-1, 0, 1))])
CLOSING = 7
"""In place of a command's number: the one that closes the transaction."""
CLOSING_INS = (0x52, 0x54, 0x58)
MOMENTS = (("before", 0), ("frame", 0), ("frame", 1), ("answer", 0))
# One draw, so that the closing command, where it matters most, is torn away often.
tears = st.sampled_from(
    [None] * 12
    + [(CLOSING, *moment) for moment in MOMENTS] * 3
    + [(index, *moment) for index in range(4) for moment in MOMENTS]
)
which_key = st.sampled_from([1, 2, 0x41])
records = st.lists(st.integers(1, 255).map(lambda value: bytes((value,)) * 48), max_size=4)


class Torn(Lab):
    """A card that is torn away at one command: before it, before one of its frames, or before its answer."""

    tear: Tear | None = None
    last: bytes = b""

    def transmit(self, command: bytes) -> bytes:
        index, moment, frames = self.tear or (-1, "", 0)
        if self.tear is not None and index != CLOSING:
            self.tear = (index - 1, moment, frames)
        self.last = command
        if not (command[1] in CLOSING_INS if index == CLOSING else index == 0):
            return super().transmit(command)
        if moment == "before":
            raise PowerCut
        if moment == "frame":
            self.journal.cut_after = frames
        super().transmit(command)
        raise PowerCut


@dataclass(frozen=True)
class Deal:
    """What a transaction does to a purse when it is done: money, limit (None: as it is), travel records."""

    purse: PurseId
    money: int = 0
    limit: int | None = None
    travel: tuple[bytes, ...] = ()


class Purses(RuleBasedStateMachine):
    chip: Profile = GEN2
    one_proof = False
    """A purse keeps the proof of its last transaction alone."""

    @staticmethod
    def image(profile: Profile, states: Mapping[int, PurseState]) -> bytes:
        return demo.image(profile, states=states)

    @initialize(one_counter=st.booleans(), clears=st.booleans(), number=st.sampled_from(["init", "next"]))
    def make_card(self, one_counter: bool, clears: bool, number: str) -> None:
        profile = self.chip.override(
            {"purse_one_counter": one_counter, "purse_clears_state": clears, "purse_prove_counter": number}
        )
        self.next_number = number == "next"
        start: dict[int, PurseState] = {fid: PurseState(1_000) for fid in PurseId}
        self.card = Torn(self.image(profile, start), profile)
        self.money = dict.fromkeys(PurseId, 1_000)
        self.limit = 0
        self.travel: list[bytes] = [bytes(48)] * 3
        self.done = 0
        self.serial = 0
        self.proofs: set[tuple[TransactionType, bytes]] = set()
        self.open: dict[TransactionType, tuple[Attempt, Deal]] = {}
        self.counters = dict.fromkeys(PurseId, (0, 0))

    # --- the terminals ---

    @rule(which=st.sampled_from(PurseId), amount=amounts, key=which_key, tear=tears)
    def load(self, which: PurseId, amount: Amount, key: int, tear: Tear | None) -> None:
        kind = TransactionType.LOAD_PASSBOOK if which is PASSBOOK else TransactionType.LOAD_WALLET
        amount = self._fen(which, amount)
        deal = Deal(which, amount)
        self._do(kind, deal, lambda at: purse.load(hsm(), at, which, amount), key, tear)

    @rule(which=st.sampled_from(PurseId), amount=amounts, key=which_key, tear=tears)
    def purchase(self, which: PurseId, amount: Amount, key: int, tear: Tear | None) -> None:
        kind = TransactionType.PURCHASE_PASSBOOK if which is PASSBOOK else TransactionType.PURCHASE_WALLET
        module, amount = self._terminal().purchase_module(), self._fen(which, amount)
        deal = Deal(which, -amount)
        self._do(kind, deal, lambda at: purse.purchase(module, at, which, amount), key, tear)

    @rule(amount=amounts, travel=records, key=which_key, tear=tears)
    def compound(self, amount: Amount, travel: list[bytes], key: int, tear: Tear | None) -> None:
        module, amount = self._terminal().purchase_module(), self._fen(WALLET, amount)
        updates = [CacheUpdate(0x1E, record) for record in travel]
        deal = Deal(WALLET, -amount, travel=tuple(travel))
        transaction = TransactionType.COMPOUND
        self._do(transaction, deal, lambda at: purse.compound_purchase(module, at, amount, updates), key, tear)

    @rule(amount=amounts, key=which_key, tear=tears)
    def cash(self, amount: Amount, key: int, tear: Tear | None) -> None:
        module, amount = self._terminal().purchase_module(), self._fen(PASSBOOK, amount)
        deal = Deal(PASSBOOK, -amount)
        self._do(TransactionType.CASH, deal, lambda at: purse.cash(module, at, amount), key, tear)

    @rule(amount=amounts, tear=tears)
    def unload(self, amount: Amount, tear: Tear | None) -> None:
        amount = self._fen(PASSBOOK, amount)
        deal = Deal(PASSBOOK, -amount)
        self._do(TransactionType.UNLOAD, deal, lambda at: purse.unload(hsm(), at, amount), 1, tear)

    @rule(limit=st.integers(0, 4_000) | st.just(0xFFFFFF), tear=tears)
    def overdraft(self, limit: int, tear: Tear | None) -> None:
        deal = Deal(PASSBOOK, limit=limit)
        self._do(TransactionType.OVERDRAFT, deal, lambda at: purse.update_overdraft(hsm(), at, limit), 1, tear)

    @rule()
    def reset(self) -> None:
        self.card.reinsert()

    @rule()
    def start_and_leave(self) -> None:
        """Open a transaction, cache a record, and go."""
        self.card.send("805003020B0100000000001122334455")
        self.card.send(f"80DC00F030{'EE' * 48}")

    @rule()
    def replay_a_debit(self) -> None:
        assert self.card.send("805401000F0000000020161216134600FFFFFFFF08") in ("6901", "9302")

    @rule()
    def resolve_all(self) -> None:
        for kind in list(self.open):
            self._resolve(kind)

    def _fen(self, which: PurseId, amount: Amount) -> int:
        if isinstance(amount, int):
            return amount
        return max(0, self.money[which] + (self.limit if which is PASSBOOK else 0) + amount.more)

    def _terminal(self) -> SoftwarePurseHsm:
        self.serial += 1
        return hsm(serial=self.serial)

    def _do(
        self,
        kind: TransactionType,
        deal: Deal,
        transaction: Callable[[Desk], Script[Receipt]],
        key: int,
        tear: Tear | None,
    ) -> None:
        for other in list(self.open) if self.one_proof else (kind,):
            self._resolve(other)  # a terminal settles what is open before it does the same again
        attempts: list[Attempt] = []

        def visit() -> Script[Receipt]:
            yield Command(0x00, 0x20, 0x00, 0x00, bytes.fromhex(VERIFY[10:]))
            return (yield from transaction(desk(key_index=key, opened=attempts.append)))

        try:
            receipt = self._play(visit(), tear)
        except PowerCut:
            self.card.reinsert()
            if attempts:
                self.open[kind] = attempts[0], deal
        except CardRefusedError as refusal:
            if f"{refusal.status}" not in ("9401", "6985"):
                raise
            for attempt in attempts:  # refused at the second command: not done, and the card says so
                assert play(self.card, purse.prove(attempt, next_number=self.next_number)) is None
        else:
            self._settle(kind, receipt.attempt, deal, receipt.mac + receipt.tac)
            assert self.card.send(self.card.last.hex()) == "6901"  # the same order again is not obeyed again

    def _play(self, script: Script[Receipt], tear: Tear | None) -> Receipt:
        self.card.tear = tear
        try:
            return play(self.card, script)
        finally:
            self.card.tear = None

    def _resolve(self, kind: TransactionType) -> None:
        if kind not in self.open:
            return
        attempt, deal = self.open.pop(kind)
        self.card.send(VERIFY)
        proof = play(self.card, purse.prove(attempt, next_number=self.next_number))
        self._check_resolve(attempt, deal.purse, proof)
        if proof is not None:
            self._settle(kind, attempt, deal, proof)

    def _check_resolve(self, attempt: Attempt, which: PurseId, proof: bytes | None) -> None:
        """What resolve() says of it: the proof, or nothing done as long as the counter stands still, else not known."""
        state = self._states()[which]
        one = self.card.card.context.profile.purse_one_counter
        counter = state.online if attempt.type.online or one else state.offline
        try:
            said = play(self.card, purse.resolve(attempt, which, next_number=self.next_number))
        except CardRefusedError:
            assert proof is None
            assert counter != attempt.counter
        else:
            assert said == proof
            assert proof is not None or counter == attempt.counter

    def _settle(self, kind: TransactionType, attempt: Attempt, deal: Deal, proof: bytes) -> None:
        assert attempt.type is kind
        proof = proof.replace(bytes(4), b"") or proof
        assert (kind, proof) not in self.proofs
        self.proofs.add((kind, proof))
        self.done += 1
        self.money[deal.purse] += deal.money
        if deal.limit is not None:
            self.limit = deal.limit
        self.travel = [*reversed(deal.travel), *self.travel][:3]

    # --- what always holds ---

    def _states(self) -> dict[PurseId, PurseState]:
        files = self.card.card.context.directory.by_fid
        states = {}
        for which in PurseId:
            file = files[which]
            assert isinstance(file, PurseFile)
            states[which] = file.state
        return states

    @invariant()
    def counters_never_go_back(self) -> None:
        for which, state in self._states().items():
            online, offline = self.counters[which]
            assert state.online >= online
            assert state.offline >= offline
            self.counters[which] = state.online, state.offline

    @invariant()
    def what_is_kept_is_what_the_card_has(self) -> None:
        assert self.card.kept() == bytes(self.card.memory.view)

    @invariant()
    def books_balance(self) -> None:
        """Once nothing is open, balance = loads - payments, the passbook's with its limit."""
        if self.open:
            return
        states = self._states()
        assert states[WALLET].balance == self.money[WALLET]
        assert states[PASSBOOK].balance == self.money[PASSBOOK] + self.limit
        assert states[PASSBOOK].limit == self.limit
        assert states[PASSBOOK].net == self.money[PASSBOOK] >= -self.limit
        assert sum(state.online + state.offline for state in states.values()) == self.done
        card = self.card
        assert [card.send(f"00B20{number}F430")[:-4] for number in (1, 2, 3)] == [r.hex().upper() for r in self.travel]

    def teardown(self) -> None:
        if hasattr(self, "card"):
            self.card.reinsert()
            self.resolve_all()
            self.books_balance()


TestPurses = Purses.TestCase
TestPurses.settings = settings(max_examples=120, stateful_step_count=30)
