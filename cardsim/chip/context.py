"""What a command works on: memory and files, which stay, and the session's state, which a reset takes away."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from apdu import Sw
from cardsim.chip.dispatch import BlockedTable, CommandTable, UnformattedTable
from cardsim.chip.errors import MemoryDamagedError, Reason, Refusal
from cardsim.chip.files import EVERY_INTERFACE, INTERFACE_BITS, Directory, ElementaryFile
from cardsim.chip.filesystem import FileSystem
from cardsim.chip.layout import RIGHT_NEVER, Algorithm, LifeCycle
from cardsim.chip.native.rights import BOTH_ZERO, REGISTERS, like_the_mf, moved
from cardsim.profiles.choices import ChallengeLifetime
from cardsim.zones.model import CommandSet
from keys.des import DES
from keys.sm import SmForms, SmSuite

if TYPE_CHECKING:
    from collections.abc import Mapping

    from apdu import Interface
    from cardsim.chip.credentials import Credential
    from cardsim.chip.layout import KeyType
    from cardsim.chip.memory import Memory
    from cardsim.profiles import Profile
    from keys.suite import CipherSuite

_ERASE_DF: Final = 0x800E
Entropy = Callable[[int], bytes]
"""A source of random bytes: called with a count, returns that many."""


def suites_of(profile: Profile) -> dict[int, CipherSuite]:
    """Return the cipher of each algorithm number, in the forms that the profile sets."""
    sm4 = SmSuite(SmForms(profile.sm4_extension, profile.sm4_fold))
    return {Algorithm.TRIPLE_DES: DES, Algorithm.DES: DES, Algorithm.SM4: sm4}


class Context:
    """One card, powered."""

    __slots__ = (
        "blocked",
        "challenge",
        "challenge_dies",
        "directory",
        "entropy",
        "erasing",
        "file",
        "files",
        "free",
        "granted",
        "interface_bit",
        "memory",
        "mf_selected",
        "native_card",
        "profile",
        "suites",
        "table",
        "tables",
        "work",
    )

    def __init__(
        self,
        memory: Memory,
        profile: Profile,
        entropy: Entropy,
        interface: Interface,
        tables: Mapping[CommandSet, CommandTable],
    ) -> None:
        self.memory = memory
        self.tables = tables
        self.table: CommandTable
        self.erasing: dict[CommandSet, CommandTable] = {}
        """Tables of erasable directories, made when they are first needed."""
        self.suites = suites_of(profile)
        self.files = FileSystem(memory, profile)
        self.native_card = self.files.mf.header.native
        """Whether native commands have made the MF: then there are state registers."""
        self.profile = profile
        self.entropy = entropy
        self.interface_bit = INTERFACE_BITS[interface]
        self.directory: Directory
        self.file: ElementaryFile | None
        self.granted: int
        self.challenge: bytes
        self.challenge_dies = profile.challenge_lifetime is ChallengeLifetime.NEXT_COMMAND
        """Whether the next command, whatever it is, uses the challenge up."""
        self.free = False
        """In the free phase of a native directory: no rights apply."""
        self.mf_selected: bool
        self.work: object
        """What a command left for the next ones of its application, such as a session key."""
        self.blocked: bool
        self.reset()

    def reset(self) -> None:
        """Forget everything volatile; the MF is selected by itself (facts native-card-os 1.2)."""
        self.directory = self.files.mf
        self.file = None
        self.table = self.tables[self.directory.commands]
        self.granted = self.interface_bit
        self.challenge = b""
        self.mf_selected = False
        self.work = None
        self.look_for_blocks()
        self.memory.drop_staged()
        if self.directory.header.native:
            self.granted |= BOTH_ZERO
            self._arrive()

    def enter(self, directory: Directory) -> None:
        """Make ``directory`` current: PINs and keys of directories that are neither it nor above it are forgotten."""
        if not self.profile.state_survives_reselect and directory in self.directory.upwards():
            registers = REGISTERS if self.native_card else 0  # these have a setting of their own
            self.granted &= (directory.parent.scope if directory.parent else self.interface_bit) | registers
        self.granted &= directory.scope
        if self.native_card:
            keeps = directory.parent is None and self.profile.native_mf_keeps_state
            self.granted = like_the_mf(self.granted) if keeps else moved(self.granted, 0, mf=False)
        self.directory = directory
        self.table = self.tables[directory.commands]
        self.file = None
        if self.work is not None:  # nothing else stages
            self.work = None
            self.memory.drop_staged()
        self.look_for_blocks()
        if self.native_card:
            if self.challenge_dies:
                self.challenge = b""
            self._arrive()

    def _arrive(self) -> None:
        """On a card of native commands, have the rules of the directory that has been entered."""
        directory = self.directory
        self.free = directory.header.native and (not directory.used or directory.unsealed)
        self.settle()

    def settle(self) -> None:
        """Have the commands of the current directory as it is now, and the lifetime of challenges there.

        In a free phase the native commands are there beside those of the directory's own set. In a finished directory
        ERASE DF is, where a rule allows it.
        """
        native = self.directory.native
        lifetime = self.profile.native_challenge_lifetime if native else self.profile.challenge_lifetime
        self.challenge_dies = lifetime is ChallengeLifetime.NEXT_COMMAND
        self.table = own = self.tables[self.directory.commands]
        if not self.files.formatted:
            self.table = UnformattedTable(own)
        elif self.card_blocked:
            self.table = BlockedTable()
        elif self.free and not self.directory.native:
            self.table = CommandTable((*own.by_code.values(), *self.tables[CommandSet.NATIVE].by_code.values()))
        elif self.directory.header.native and not self.directory.native and self.directory.header.right2 != RIGHT_NEVER:
            self.table = self._erasing(own)

    def _erasing(self, own: CommandTable) -> CommandTable:
        """Return the table of a finished directory that may be erased: its own commands and ERASE DF."""
        commands = self.directory.commands
        if commands not in self.erasing:
            erase = self.tables[CommandSet.NATIVE].by_code.get(_ERASE_DF)
            self.erasing[commands] = CommandTable((*own.by_code.values(), erase)) if erase else own
        return self.erasing[commands]

    def reload(self, *, free: bool | None = None) -> None:
        """Commit, and take in that files or keys have come or gone; where the session stands stays as it is.

        ``free``: whether the free phase begins or ends with it. Refuses with 6A80 what would not load.
        """
        try:
            files = FileSystem(self.memory, self.profile)
        except MemoryDamagedError as error:
            raise Refusal(Sw.WRONG_DATA, Reason.UNLOADABLE, error.text) from error
        self.memory.commit()
        opened = {key.record for key in self.files.credentials() if key.bit and self.granted & key.bit}
        here, file = self.directory.offset, self.file
        self.files = files
        self.native_card = files.mf.header.native
        self.granted &= REGISTERS | EVERY_INTERFACE
        for key in self.files.credentials():
            if key.record in opened:
                self.granted |= key.bit
        self.directory = next(node for node in self.files.directories if node.offset == here)
        self.file = next((node for node in self.directory.files if file and node.offset == file.offset), None)
        self.free = self.free if free is None else free
        self.settle()

    def look_for_blocks(self) -> None:
        """Remember whether the current directory, one above it or the card is blocked."""
        view = self.memory.view
        self.blocked = False
        for place in self.directory.states:
            if view[place]:  # IN_USE is 0
                self.blocked = True

    @property
    def card_blocked(self) -> bool:
        """Whether CARD BLOCK has ended this card."""
        return self.files.mf.state(self.memory) is not LifeCycle.IN_USE

    def take(self, interface: Interface) -> None:
        """Go on through ``interface``: nothing volatile goes along."""
        self.interface_bit = INTERFACE_BITS[interface]
        self.reset()

    def suite(self, key: Credential) -> CipherSuite:
        """Return the cipher that ``key`` is for: of an algorithm without a number, DES."""
        return self.suites.get(key.algorithm, DES)

    def protection_key(self, kind: KeyType) -> Credential:
        """Return the nearest key of a kind that needs no reference. Refuses with 6A88."""
        key = self.directory.first_key(kind)
        if key is None:
            raise Refusal(Sw.REFERENCE_NOT_FOUND, Reason.KEY_KIND_MISSING, kind.name, self.directory.label)
        return key

    def file_by_sfi(self, sfi: int) -> ElementaryFile:
        """Return the current EF for SFI 0, else the file with this SFI in the current directory.

        Refuses with 6986 (no current EF) or 6A82. The command calls :meth:`accessed` once nothing refuses it any more.
        """
        if not sfi:
            if self.file is None:
                raise Refusal(Sw.NO_CURRENT_EF, Reason.NO_CURRENT_EF)
            return self.file
        file = self.directory.by_sfi.get(sfi)
        if file is None:
            raise Refusal(Sw.FILE_NOT_FOUND, Reason.SFI_MISSING, sfi, self.directory.label)
        return file

    def accessed(self, file: ElementaryFile) -> None:
        """Make ``file`` the current EF, unless the profile says that addressing by SFI does not."""
        if self.profile.sfi_makes_current:
            self.file = file
