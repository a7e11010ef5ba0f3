"""A service and clients that speak to it in bytes, without sockets: what leaves one side enters the other."""

from __future__ import annotations

from typing import NamedTuple

from apdu import Interface
from readers.serve.pcsclite import messages
from readers.serve.pcsclite.messages import Protocol, Request, Share
from readers.serve.pcsclite.service import Client, Service

T0_ATR = bytes.fromhex("3B600000")
T1_ATR = bytes.fromhex("3B800181")
BOTH_ATR = bytes.fromhex("3B80800101")
SPECIFIC_T1_ATR = bytes.fromhex("3B8090110100")
"""T=0 and T=1, but TA2 says that the card talks T=1 at once."""

SUCCESS = 0
CANCELLED = 0x80100002
INVALID_HANDLE = 0x80100003
INVALID_PARAMETER = 0x80100004
NO_MEMORY = 0x80100006
INSUFFICIENT_BUFFER = 0x80100008
UNKNOWN_READER = 0x80100009
SHARING_VIOLATION = 0x8010000B
NO_SMARTCARD = 0x8010000C
PROTO_MISMATCH = 0x8010000F
INVALID_VALUE = 0x80100011
NOT_TRANSACTED = 0x80100016
SERVICE_STOPPED = 0x8010001E
UNSUPPORTED_FEATURE = 0x8010001F
UNPOWERED_CARD = 0x80100067
RESET_CARD = 0x80100068
REMOVED_CARD = 0x80100069

LEAVE, RESET, UNPOWER, EJECT = range(4)


class FakeCard:
    """Answers every command with itself and 9000, and writes down what happens to it."""

    def __init__(self, atr: bytes = T0_ATR) -> None:
        self.atr = atr
        self.interface = Interface.CONTACT
        self.events: list[str] = []

    def power_on(self) -> bytes:
        self.events.append("on")
        return self.atr

    def power_off(self) -> None:
        self.events.append("off")

    def reset(self) -> bytes:
        self.events.append("reset")
        return self.atr

    def transmit(self, command: bytes) -> bytes:
        self.events.append(command.hex())
        return command + b"\x90\x00"


class Record(NamedTuple):
    name: str
    events: int
    state: int
    sharing: int
    atr: bytes
    protocol: int

    @classmethod
    def parse(cls, raw: bytes) -> Record:
        name, events, state, sharing, atr, size, protocol = messages.RECORD.unpack(raw)
        return cls(name.rstrip(b"\0").decode(), events, state, sharing, atr[:size], protocol)


class Lab:
    """One service. Answers for clients that wait arrive in their ``later``."""

    def __init__(self, *cards: FakeCard) -> None:
        self.service = Service()
        self.clients: dict[Client, Peer] = {}
        for number, card in enumerate(cards):
            self.service.add_reader(f"Lab {number}")
            self.service.insert(f"Lab {number}", card)

    def peer(self) -> Peer:
        """A client with a context."""
        peer = Peer(self)
        peer.establish()
        return peer

    def deliver(self) -> None:
        while self.service.deferred:
            for client, answer in self.service.take_deferred():
                peer = self.clients.get(client)
                if peer is not None:
                    peer.later += answer + self.service.receive(client, b"")


class Peer:
    """One client."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.client = Client()
        self.later = b""
        self.context = 0
        lab.clients[self.client] = self

    def send(self, request: int, body: bytes = b"", payload: bytes = b"") -> bytes:
        answer = self._lab.service.receive(self.client, messages.HEADER.pack(len(body), request) + body + payload)
        self._lab.deliver()
        return answer

    def take_later(self) -> bytes:
        later, self.later = self.later, b""
        return later

    def die(self) -> None:
        del self._lab.clients[self.client]
        self._lab.service.disconnect(self.client)
        self._lab.deliver()

    def establish(self) -> int:
        _, self.context, code = messages.ESTABLISH.unpack(
            self.send(Request.ESTABLISH_CONTEXT, messages.ESTABLISH.pack(2, 0, 0))
        )
        return int(code)

    def release(self) -> int:
        return self._code(messages.RELEASE.unpack(self.send(Request.RELEASE_CONTEXT, self._pair(self.context))))

    def connect_request(self, reader: str, share: int, protocols: int) -> bytes:
        return messages.CONNECT.pack(self.context, reader.encode(), share, protocols, 0, 0, 0)

    def connect(
        self, reader: str = "Lab 0", share: int = Share.SHARED, protocols: int = Protocol.T0 | Protocol.T1
    ) -> tuple[int, int, int]:
        """Code, handle, protocol."""
        return self.connected(self.send(Request.CONNECT, self.connect_request(reader, share, protocols)))

    @staticmethod
    def connected(answer: bytes) -> tuple[int, int, int]:
        *_, handle, protocol, code = messages.CONNECT.unpack(answer)
        return code, handle, protocol

    def handle(
        self, reader: str = "Lab 0", share: int = Share.SHARED, protocols: int = Protocol.T0 | Protocol.T1
    ) -> int:
        code, handle, _ = self.connect(reader, share, protocols)
        assert code == SUCCESS, f"{code:08X}"
        return handle

    def reconnect(
        self, handle: int, initialization: int = LEAVE, share: int = Share.SHARED, protocols: int = 3
    ) -> tuple[int, int]:
        """Code, protocol."""
        body = messages.RECONNECT.pack(handle, share, protocols, initialization, 0, 0)
        *_, protocol, code = messages.RECONNECT.unpack(self.send(Request.RECONNECT, body))
        return code, protocol

    def disconnect(self, handle: int, disposition: int = LEAVE) -> int:
        return self._code(
            messages.DISCONNECT.unpack(self.send(Request.DISCONNECT, messages.DISCONNECT.pack(handle, disposition, 0)))
        )

    def begin(self, handle: int) -> int | None:
        """The code, ``None`` if there is no answer yet."""
        answer = self.send(Request.BEGIN_TRANSACTION, messages.BEGIN.pack(handle, 0))
        return self._code(messages.BEGIN.unpack(answer)) if answer else None

    def begun(self) -> int:
        """The code that came later."""
        return self._code(messages.BEGIN.unpack(self.take_later()))

    def end(self, handle: int, disposition: int = LEAVE) -> int:
        return self._code(
            messages.END.unpack(self.send(Request.END_TRANSACTION, messages.END.pack(handle, disposition, 0)))
        )

    def status(self, handle: int) -> int:
        return self._code(messages.STATUS.unpack(self.send(Request.STATUS, messages.STATUS.pack(handle, 0))))

    def transmit(self, handle: int, command: bytes, protocol: int = 1, space: int = 65_548) -> tuple[int, bytes]:
        body = messages.TRANSMIT.pack(handle, protocol, 16, len(command), protocol, 16, space, 0)
        answer = self.send(Request.TRANSMIT, body, command)
        *_, size, code = messages.TRANSMIT.unpack_from(answer)
        response = answer[messages.TRANSMIT.size :]
        assert len(response) == (0 if code else size)
        return code, response

    def control(self, handle: int, which: int, data: bytes = b"", space: int = 264) -> tuple[int, bytes]:
        body = messages.CONTROL.pack(handle, which, len(data), space, 0, 0)
        answer = self.send(Request.CONTROL, body, data)
        *_, size, code = messages.CONTROL.unpack_from(answer)
        response = answer[messages.CONTROL.size :]
        assert len(response) == (0 if code else size)
        return code, response

    def attribute(self, handle: int, which: int, space: int = 264) -> tuple[int, bytes]:
        body = handle.to_bytes(4, "little") + which.to_bytes(4, "little") + bytes(264) + self._pair(space)
        answer = self.send(Request.GET_ATTRIB, body)
        assert len(answer) == len(body)
        size, code = int.from_bytes(answer[-8:-4], "little"), int.from_bytes(answer[-4:], "little")
        return code, answer[8 : 8 + size] if code == SUCCESS else size.to_bytes(4, "little")

    def records(self) -> list[Record]:
        return self.parsed(self.send(Request.READERS_STATE))

    @staticmethod
    def parsed(table: bytes) -> list[Record]:
        assert len(table) == 16 * 184
        records = [Record.parse(table[at : at + 184]) for at in range(0, len(table), 184)]
        return [record for record in records if record.name]

    def record(self) -> Record:
        return self.records()[0]

    def watch(self) -> list[Record]:
        return self.parsed(self.send(Request.WAIT_STATE_CHANGE))

    def stop_watching(self) -> bytes:
        return self.send(Request.STOP_WAITING)

    def cancel(self, other: Peer) -> int:
        return self._code(messages.CANCEL.unpack(self.send(Request.CANCEL, self._pair(other.context))))

    @staticmethod
    def _pair(value: int) -> bytes:
        return value.to_bytes(4, "little") + bytes(4)

    @staticmethod
    def _code(fields: tuple[int, ...]) -> int:
        return fields[-1]
