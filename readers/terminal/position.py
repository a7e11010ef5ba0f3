"""Which file of the HRSS zone, the PKI application or a PSAM is current, followed from the commands that cross."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cardsim.zones.hrss import SSSE
from cardsim.zones.model import CommandSet, Directory
from cardsim.zones.pki import PKI
from cardsim.zones.psam import PSAM_DIRECTORIES
from readers.terminal.hrss import dir_sfi_of

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.zones.model import Df, FileDeclaration

_PARENT, _BY_NAME, _PATH_FROM_MF, _PATH_FROM_HERE = 0x03, 0x04, 0x08, 0x09
_EF: Final = 0xEF
"""First byte of an elementary file's FID in the HRSS zone; that of a directory is another."""
_APPLICATIONS: Final = (SSSE, PKI.application)
_PSAM: Final = tuple(PSAM_DIRECTORIES.values())
"""Directories of a PSAM, known by their names alone: their FIDs are those of other cards' directories."""
_NAMED: Final = {df.aid: df for application in (*_APPLICATIONS, *_PSAM) for df in application.walk()}


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
            self._enter(_NAMED.get(command.data))
        elif command.p1 == _PARENT:
            application = self._application
            self._enter(application if self.df is not application else None)
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
            self.ef = 0xEF00 | sfi if self.df is None or self.df.commands is CommandSet.HRSS else sfi

    def _select_fid(self, raw: bytes) -> None:
        fid = int.from_bytes(raw, "big")
        if fid >> 8 == _EF or fid in self._fids:
            self.ef = fid
        elif application := next((df for df in _APPLICATIONS if df.fid == fid), None):
            self._enter(application)
        else:
            # Outside an application the same FIDs are those of other directories.
            near = self._application.children if self._application else _PSAM if self.df in _PSAM else ()
            self._enter(next((df for df in near if df.fid == fid), None))

    @property
    def _fids(self) -> tuple[int, ...]:
        """The FIDs of the files in the current directory."""
        return tuple(file.fid for file in self.df.files if not isinstance(file, Directory)) if self.df else ()

    @property
    def _application(self) -> Df | None:
        """The application that the current directory is or belongs to."""
        df = self.df
        return next((application for application in _APPLICATIONS if df and df in application.walk()), None)

    def _enter(self, df: Df | None) -> None:
        self.df, self.ef = df, None
