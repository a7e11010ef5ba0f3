"""Which file of the HRSS zone is current on a card, followed from the commands that cross."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cardsim.zones.hrss import SSSE
from cardsim.zones.model import Directory
from readers.terminal.hrss import dir_sfi_of

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.zones.model import Df, FileDeclaration

_PARENT, _BY_NAME, _PATH_FROM_MF, _PATH_FROM_HERE = 0x03, 0x04, 0x08, 0x09
_EF: Final = 0xEF
"""First byte of an elementary file's FID on these cards; that of a directory is another."""


@dataclass(slots=True)
class Position:
    """The current directory, ``None`` outside the zone, and the FID of the current elementary file, if there is one."""

    df: Df | None = None
    ef: int | None = None
    dir_sfi: int | None = None

    @property
    def file(self) -> FileDeclaration | None:
        """The declaration of the current file."""
        for file in self.df.files if self.df else ():
            fid = 0xEF00 | (self.dir_sfi or 0) if isinstance(file, Directory) else file.fid
            if fid == self.ef:
                return file
        return None

    def select(self, command: Command, answer: bytes) -> None:
        """Follow a SELECT that the card has done; ``answer`` is its data."""
        if command.p1 == _BY_NAME:
            self._enter(next((df for df in SSSE.walk() if df.aid == command.data), None))
        elif command.p1 == _PARENT:
            self._enter(SSSE if self.df in SSSE.children else None)
        elif command.p1 in (_PATH_FROM_MF, _PATH_FROM_HERE):
            if command.p1 == _PATH_FROM_MF:
                self._enter(None)
            for start in range(0, len(command.data), 2):
                self._select_fid(command.data[start : start + 2])
        else:
            self._select_fid(command.data)
        if self.df is SSSE and self.ef is None:
            self.dir_sfi = dir_sfi_of(answer)

    def use_sfi(self, sfi: int) -> None:
        """Follow a command that names its file by short identifier; 0 is the current one."""
        if sfi:
            self.ef = 0xEF00 | sfi

    def _select_fid(self, raw: bytes) -> None:
        fid = int.from_bytes(raw, "big")
        if fid >> 8 == _EF:
            self.ef = fid
        elif fid == SSSE.fid:
            self._enter(SSSE)
        else:
            # Outside the zone the same FIDs are those of other directories.
            self._enter(next((df for df in SSSE.children if df.fid == fid), None) if self.df else None)

    def _enter(self, df: Df | None) -> None:
        self.df, self.ef = df, None
