"""The card's non-volatile memory: one byte array, changed by three verbs and nothing else.

``charge``  committed at once, before the comparison it guards; survives refusal and power cut (retry counters);
``write``   belongs to the command: undone when it refuses, committed in one frame when it succeeds;
``stage``   held in RAM until a later command makes it part of its own commit; dropped by reset and re-selection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

Change = tuple[int, bytes]
"""Offset into the memory, and the bytes that stand there from now on."""


class Journal(Protocol):
    """Where commits go."""

    def append(self, changes: Sequence[Change]) -> None:
        """Keep all of ``changes`` or none.

        Raises :class:`cardsim.chip.errors.JournalError` when they could not be kept.
        """
        ...


class NoJournal:
    """A journal for cards that live in RAM only (tests, dry runs)."""

    def append(self, changes: Sequence[Change]) -> None:
        """Forget ``changes``: the memory itself already has them."""


class Memory:
    """The byte array and its pending changes."""

    __slots__ = ("_bytes", "_journal", "_pending", "_staged", "_staged_written", "_undo", "view")

    def __init__(self, image: bytes | bytearray, journal: Journal) -> None:
        self._bytes = bytearray(image)
        self._journal = journal
        self._pending: list[Change] = []
        self._undo: list[Change] = []
        self._staged: list[Change] = []
        self._staged_written = 0
        self.view = memoryview(self._bytes).toreadonly()
        """The memory, read-only; slices of it stay live."""

    def __len__(self) -> int:
        return len(self._bytes)

    def read(self, offset: int, size: int) -> bytes:
        """Return ``size`` bytes at ``offset``; a command sees its own writes."""
        return bytes(self.view[offset : offset + size])

    @property
    def dirty(self) -> bool:
        """True while the command has writes that are neither committed nor undone."""
        return bool(self._pending)

    def committed(self) -> bytearray:
        """Return a copy of the memory as it is without the running command's writes."""
        copy = bytearray(self._bytes)
        for offset, data in reversed(self._undo):
            copy[offset : offset + len(data)] = data
        return copy

    def charge(self, offset: int, data: bytes) -> None:
        """Change and commit at once, whatever becomes of the command.

        Raises JournalError, the memory unchanged, when it could not be committed: the guarded comparison must not run.
        """
        self._check(offset, data)
        if any(start < offset + len(data) and offset < start + len(old) for start, old in self._undo):
            raise ValueError("a charge must not touch what the same command wrote: an undo would take it back")
        self._journal.append(((offset, bytes(data)),))
        self._bytes[offset : offset + len(data)] = data

    def write(self, offset: int, data: bytes) -> None:
        """Change as part of the command; :meth:`commit` or :meth:`undo` decides."""
        self._check(offset, data)
        end = offset + len(data)
        self._undo.append((offset, bytes(self._bytes[offset:end])))
        self._pending.append((offset, bytes(data)))
        self._bytes[offset:end] = data

    def stage(self, offset: int, data: bytes) -> None:
        """Hold a change in RAM, not visible in the memory, until :meth:`write_staged`.

        :meth:`undo` leaves it: a command stages when nothing can refuse it any more.
        """
        self._check(offset, data)
        self._staged.append((offset, bytes(data)))

    def write_staged(self) -> None:
        """Make everything staged part of the running command; it stays staged if that command refuses."""
        for offset, data in self._staged:
            self.write(offset, data)
        self._staged_written = len(self._staged)

    def drop_staged(self) -> None:
        """Forget everything staged."""
        self._staged.clear()
        self._staged_written = 0

    def commit(self) -> None:
        """Hand the command's writes to the journal in one piece.

        Raises JournalError, everything undone, when it could not take them.
        """
        if not self._pending:
            return
        try:
            self._journal.append(tuple(self._pending))
        except BaseException:
            self.undo()
            raise
        self._pending.clear()
        self._undo.clear()
        del self._staged[: self._staged_written]
        self._staged_written = 0

    def undo(self) -> None:
        """Take the command's writes back, newest first."""
        while self._undo:
            offset, data = self._undo.pop()
            self._bytes[offset : offset + len(data)] = data
        self._pending.clear()
        self._staged_written = 0

    def _check(self, offset: int, data: bytes) -> None:
        if not 0 <= offset <= len(self._bytes) - len(data):
            raise ValueError(f"{len(data)} bytes at {offset} are outside a memory of {len(self._bytes)} bytes")
