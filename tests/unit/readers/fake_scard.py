from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

from tests.unit.readers.fakes import ATR

if TYPE_CHECKING:
    from collections.abc import Callable

EMPTY = (0x12, b"")
CARD = (0x10022, ATR)


class FakeScard(ModuleType):
    """pyscard's low level as it behaves (pyscard 2.3 with pcsc-lite 1.9): lists of results, garbage beside failures."""

    def __init__(self, **readers: tuple[int, bytes]) -> None:
        super().__init__("smartcard.scard")
        self.readers = {name.replace("_", " "): state for name, state in readers.items()}
        self.failing: dict[str, int] = {}
        self.answers: list[bytes] = []
        self.calls: list[tuple[object, ...]] = []
        self.open = {"contexts": 0, "cards": 0}
        self.on_wait: Callable[[], None] = lambda: None
        vars(self).update(
            SCardEstablishContext=self._establish,
            SCardReleaseContext=self._release,
            SCardListReaders=self._list,
            SCardGetStatusChange=self._status_change,
            SCardConnect=self._connect,
            SCardReconnect=self._reconnect,
            SCardDisconnect=self._disconnect,
            SCardTransmit=self._transmit,
            SCardGetErrorMessage=lambda code: f"Trouble {code & 0xFF:02X}.",
        )

    def _code(self, function: str, *arguments: object) -> int:
        self.calls.append((function, *arguments))
        return self.failing.get(function, 0)

    def _establish(self, scope: int) -> list[int]:
        code = self._code("establish", scope)
        self.open["contexts"] += not code
        return [code, 140_043_169_178_774 if code else 77]

    def _release(self, context: int) -> int:
        assert context == 77
        self.open["contexts"] -= 1
        return self._code("release")

    def _list(self, _context: int, _groups: list[str]) -> list[object]:
        code = self._code("list") or (0 if self.readers else 0x8010002E)
        return [code, list(self.readers)]

    def _status_change(self, _context: int, timeout: int, known: list[tuple[str, int]]) -> list[object]:
        for name, _ in known:
            name.encode("ascii")
        if code := self._code("states", timeout):
            return [code, [(name, 0, []) for name, _ in known]]
        pnp = r"\\?PnP?\Notification"
        if timeout:
            self.on_wait()
        now = {**self.readers, pnp: (len(self.readers) << 16, b"")}
        if any(name not in now for name, _ in known):
            return [0x80100009, [(name, 0, []) for name, _ in known]]
        states = [(name, now[name][0], list(now[name][1])) for name, _ in known]
        changed = any(state != before for (_, state, _), (_, before) in zip(states, known, strict=True))
        return [0 if changed else 0x8010000A, states]

    def _connect(self, _context: int, reader: str, share: int, protocols: int) -> list[int]:
        if code := self._code("connect", reader, share, protocols):
            return [code, 0, 140_384_019_015_984]
        self.open["cards"] += 1
        return [0, 4711, protocols & 1 or 2]

    def _reconnect(self, card: int, share: int, protocols: int, action: int) -> list[int]:
        assert card == 4711
        return [self._code("reconnect", share, protocols, action), protocols]

    def _disconnect(self, card: int, action: int) -> int:
        assert card == 4711
        self.open["cards"] -= 1
        return self._code("disconnect", action)

    def _transmit(self, card: int, protocol: int, command: list[int]) -> list[object]:
        assert card == 4711
        assert type(command) is list
        if code := self._code("transmit", protocol, bytes(command)):
            return [code, [0x90, 0x00] * 32_774]
        return [0, list(self.answers.pop(0))]
