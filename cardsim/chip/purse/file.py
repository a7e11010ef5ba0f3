"""A purse as a node of the file system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cardsim.chip.files import ElementaryFile
from cardsim.chip.layout import RIGHT_FREE, KeyType
from cardsim.chip.native.rights import Right
from cardsim.chip.purse.body import PROOF_SIZE, STATE_SIZE, Proof, PurseState, is_body_size, proof_offset
from cardsim.chip.rules import Rule
from cardsim.zones.access import NEVER
from keys.purse import TransactionType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cardsim.chip.files import Directory, Record
    from cardsim.chip.layout import Header
    from cardsim.chip.memory import Memory
    from cardsim.chip.rules import Masks

_PLACES: Final = (0x0000, 0xEF00)
"""Where purses have their FIDs: in FMCOS and its relatives, and in Huada's system (facts native-card-os 1.2, 1.6)."""
_LOAD_WITHOUT_PIN: Final = (0xBF, 0xFA)


class PurseFile(ElementaryFile):
    """A purse. The commands that read and write files see one without records, and never write it.

    ``use`` and ``load``: who may use the purse, and what a load needs besides, as rule and compiled.
    """

    __slots__ = ("load",)

    def __init__(self, memory: Memory, header: Header, offset: int, directory: Directory) -> None:
        if not is_body_size(header.size):
            raise ValueError(f"purse {header.fid:04X} has a body of {header.size} bytes")
        super().__init__(memory, header, offset, directory)
        self.load: tuple[Rule, Masks] = (Rule(NEVER), ())

    @property
    def log(self) -> ElementaryFile | None:
        """The file that its transactions are recorded in."""
        return self.directory.by_sfi.get(self.header.extra)

    @property
    def state(self) -> PurseState:
        """What it holds now."""
        return PurseState.parse(self._memory.read(self.body, STATE_SIZE))

    def proof(self, kind: TransactionType) -> Proof:
        """Return the proof that stands where that of ``kind`` would."""
        return Proof.parse(self._memory.read(self.body + proof_offset(self.size, kind), PROOF_SIZE))

    def write(self, state: PurseState, proof: Proof) -> None:
        """Replace state and proof, as part of the command."""
        self._memory.write(self.body, state.encode())
        place = proof_offset(self.size, TransactionType(proof.type))
        self._memory.write(self.body + place, proof.encode())

    def _scan_any(self) -> Iterator[Record]:
        return iter(())


def purse_in(directory: Directory, number: int) -> PurseFile | None:
    """Return the purse of ``directory`` that P2 ``number`` of the purse commands means."""
    found = (directory.by_fid.get(place | number) for place in _PLACES)
    return next((file for file in found if isinstance(file, PurseFile)), None)


def load_right(directory: Directory) -> Right:
    """Return what a load needs in a native directory: its PIN, unless the key file's last bytes are BF FA.

    That such bytes say so is inferred (facts native-card-os 1.2).
    """
    header = directory.key_file[1] if directory.key_file else None
    if header is None or (header.extra, header.byte7) == _LOAD_WITHOUT_PIN:
        return Right(RIGHT_FREE)
    states = [
        pin.native.follow_up
        for (kind, _), versions in directory.keys.items()
        for pin in versions.values()
        if kind is KeyType.PIN and pin.native
    ]
    return Right(RIGHT_FREE | min(states, default=0))
