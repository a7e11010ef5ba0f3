"""Command APDUs: ISO/IEC 7816-4 cases 1 to 4, short and extended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, unique

from apdu.errors import CommandError

_HEADER = 4
_MAX_SHORT_LC = 255
_MAX_EXTENDED_LC = 65_535


@unique
class Case(Enum):
    """The four shapes of a command: with or without data, with or without an expected answer."""

    NO_DATA = 1
    DATA_OUT = 2
    DATA_IN = 3
    DATA_IN_OUT = 4

    @property
    def sends_data(self) -> bool:
        """True when the command carries a data field (Lc)."""
        return self in (Case.DATA_IN, Case.DATA_IN_OUT)


@dataclass(slots=True)
class Command:
    """One command APDU.

    ``le`` is the Le *field*: ``None`` absent, ``0`` the field 00 (all there is, up to 256 or 65,536), otherwise the
    number asked for. So absent, 00 and 256 stay three things; :attr:`ne` is the number of bytes the field allows.
    Source: ISO/IEC 7816-4, 5.1 (command-response pairs) and 5.2 (lengths).
    """

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    le: int | None = None
    extended: bool = False

    @property
    def case(self) -> Case:
        """Which of the four cases this command is."""
        if self.data:
            return Case.DATA_IN if self.le is None else Case.DATA_IN_OUT
        return Case.NO_DATA if self.le is None else Case.DATA_OUT

    @property
    def ne(self) -> int:
        """Maximum number of answer bytes that Le allows: 0 to 65,536."""
        if self.le is None:
            return 0
        if self.le == 0:
            return 65_536 if self.extended else 256
        return self.le

    @property
    def header(self) -> bytes:
        """The four bytes CLA INS P1 P2."""
        return bytes((self.cla, self.ins, self.p1, self.p2))

    def encode(self) -> bytes:
        """Return the bytes on the wire.

        Raises :class:`CommandError` when a field does not fit its place.
        """
        self._check()
        body = b""
        if self.extended:
            lead = b"\x00" if self.data or self.le is not None else b""
            lc = len(self.data).to_bytes(2, "big") if self.data else b""
            le = b"" if self.le is None else self.le.to_bytes(2, "big")
            body = lead + lc + self.data + le
        else:
            if self.data:
                body = bytes((len(self.data),)) + self.data
            if self.le is not None:
                body += bytes((self.le,))
        return self.header + body

    def _check(self) -> None:
        for name, value in (("CLA", self.cla), ("INS", self.ins), ("P1", self.p1), ("P2", self.p2)):
            if not 0 <= value <= 255:
                raise CommandError(f"{name} is {value}; it is one byte", f"{name} 为 {value};它只有一个字节")
        limit = _MAX_EXTENDED_LC if self.extended else _MAX_SHORT_LC
        if len(self.data) > limit:
            raise CommandError(
                f"the data field has {len(self.data)} bytes; {_form(self.extended)} command carries at most {limit}",
                f"数据域有 {len(self.data)} 字节;此形式的命令最多 {limit} 字节",
            )
        if self.le is not None and not 0 <= self.le <= limit:
            raise CommandError(
                f"Le is {self.le}; {_form(self.extended)} command asks for at most {limit}, or 0 for all there is",
                f"Le 为 {self.le};此形式的命令最多 {limit},0 表示全部",
            )

    @classmethod
    def parse(cls, raw: bytes) -> Command:
        """Return the command that ``raw`` spells.

        Raises :class:`CommandError` when the lengths inside do not add up to ``len(raw)``.
        """
        size = len(raw)
        if size < _HEADER:
            raise CommandError(
                f"a command has at least 4 bytes (CLA INS P1 P2); these are {size}",
                f"命令至少 4 字节(CLA INS P1 P2);这里只有 {size} 字节",
            )
        cla, ins, p1, p2 = raw[0], raw[1], raw[2], raw[3]
        if size == 4:
            return cls(cla, ins, p1, p2)
        lc = raw[4]
        if size == 5:
            return cls(cla, ins, p1, p2, b"", lc)
        if lc:
            if size == 5 + lc:
                return cls(cla, ins, p1, p2, raw[5:])
            if size == 6 + lc:
                return cls(cla, ins, p1, p2, raw[5:-1], raw[-1])
            raise _length_error(lc, size - 5)
        return cls._parse_extended(raw)

    @classmethod
    def _parse_extended(cls, raw: bytes) -> Command:
        size = len(raw)
        header = raw[0], raw[1], raw[2], raw[3]
        if size < 7:
            raise CommandError(
                "one byte follows P3=00; an extended length is 00 and two bytes, Le 00 alone ends the command",
                "P3=00 之后只有一个字节;扩展长度为 00 加两字节,单独的 Le 00 应位于命令末尾",
            )
        if size == 7:
            return cls(*header, b"", int.from_bytes(raw[5:7], "big"), extended=True)
        lc = int.from_bytes(raw[5:7], "big")
        if lc:
            if size == 7 + lc:
                return cls(*header, raw[7:], extended=True)
            if size == 9 + lc:
                return cls(*header, raw[7:-2], int.from_bytes(raw[-2:], "big"), extended=True)
        raise _length_error(lc, size - 7)


def _form(extended: bool) -> str:
    return "an extended" if extended else "a short"


def _length_error(lc: int, rest: int) -> CommandError:
    return CommandError(
        f"Lc says {lc} data bytes, but {rest} bytes follow it (data, then an optional Le)",
        f"Lc 表示 {lc} 字节数据,但其后有 {rest} 字节(数据及可选的 Le)",
    )
