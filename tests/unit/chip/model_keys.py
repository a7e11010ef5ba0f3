"""The naive card goes on: challenges, keys, writing and unblocking, as facts hrss-card 3 to 6 have them.

Its keys are those of the card of bench.HOLDER: TEST roots (SHA-256 of their names), diversified by the openssl command.
"""

from __future__ import annotations

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from tests.unit.chip.model import TRANSPARENT, Model

KEYS = {
    "04": "DB98278F1A3D512C19584C944EE40DA4",  # UK: EF05 to EF08 are written under it
    "0A": "730C31E0343B8C5F484DE89B8C1BC355",  # RK: EF07 and EF08 are read under it
    "06": "312F4537EED2297BFF036B2F32BEEEE9",  # PUK
}
STK = "3CED05A2FBABDFE7C1B54A91F3E195C5"
"""Line protection."""


def ecb(key: str, blocks: str, *, back: bool = False) -> str:
    """Triple DES with two keys, or DES with one, block by block."""
    two = bytes.fromhex(key if len(key) == 32 else key * 2)
    cipher = Cipher(TripleDES(two + two[:8]), modes.ECB())  # noqa: S305  the cards' own mode
    step = cipher.decryptor() if back else cipher.encryptor()
    return step.update(bytes.fromhex(blocks)).hex().upper()


def session(key: str, challenge: str) -> str:
    return ecb(key, challenge.ljust(16, "0"))


def padded(data: str) -> str:
    data += "80"
    return data + "0" * (-len(data) % 16)


def mac(key: str, data: str) -> str:
    chained = 0
    for block in range(0, len(padded(data)), 16):
        chained = int(ecb(key, f"{chained ^ int(padded(data)[block : block + 16], 16):016X}"), 16)
    return f"{chained:016X}"[:8]


def seal(key: str, data: str) -> str:
    plain = f"{len(data) // 2:02X}{data}"
    return ecb(key, plain if len(plain) % 16 == 0 else padded(plain))


class KeyedModel(Model):
    def __init__(self) -> None:
        self.key_tries = {**dict.fromkeys(KEYS, 3), "STK": 3}
        self.drawn = 0
        self.line_key = ""
        self.contents = {fid: "00" * size for fid, size in TRANSPARENT.items()}
        super().__init__()

    def reset(self) -> None:
        super().reset()
        self.challenge = ""
        self.proven: set[str] = set()

    def _with_keys(self, command: str) -> str:
        p1, p2, data = command[4:6], command[6:8], command[10:]
        match command[:4]:
            case "0084":
                return self._get_challenge(p1 + p2, command[8:10])
            case "0082":
                return self._external_authenticate(p1, p2, data)
            case "00DC" | "04DC":
                return self._update_record(command, p1, int(p2, 16))
            case "00D6" | "04D6":
                return self._update_binary(command, int(p1, 16), int(p2, 16))
            case "8424":
                return self._unblock(command, p1, p2)
            case _:
                raise AssertionError(command)

    def _select(self, p1: str, p2: str, data: str) -> str:
        answer = super()._select(p1, p2, data)
        if self.directory == "3F00":
            self.proven.clear()
        return answer

    def _read_binary(self, command: str) -> str:
        p1, p2, le = int(command[4:6], 16), int(command[6:8], 16), command[8:10]
        answer = super()._read_binary(command)
        if answer != "6982" or "0A" not in self.proven:
            return answer
        fid = self._by_sfi(p1 % 32 if p1 & 0x80 else 0)
        offset = p2 if p1 & 0x80 else p1 * 256 + p2
        content = self.contents[fid][2 * offset :]
        if not content:
            return "6B00"
        self.file = fid
        return content[: 2 * (int(le or "00", 16) or 256)]

    # --- challenges and keys ---

    def _get_challenge(self, p1p2: str, le: str) -> str:
        if p1p2 != "0000":
            return "6A86"
        size = int(le or "00", 16) or 8
        if size not in (4, 8):
            return "6700"
        self.drawn += 1
        self.challenge = f"{0x11 * self.drawn % 256:02X}" * size
        return self.challenge

    def _external_authenticate(self, p1: str, reference: str, data: str) -> str:
        if p1 != "00":
            return "6A86"
        if len(data) not in (32, 34):
            return "6700"
        if self.directory != "DDF1" or reference not in KEYS or data[32:] not in ("", "00"):
            return "6A88"
        if len(self.challenge) != 16:
            return "6984"
        challenge, self.challenge = self.challenge, ""
        wrong = self._charge(reference)
        if wrong:
            return wrong
        if ecb(session(KEYS[reference], challenge), data[16:32]) != data[:16]:
            return f"63C{self.key_tries[reference]}"
        self._store()
        self.key_tries[reference] = 3
        self.proven.add(reference)
        return "9000"

    def _charge(self, name: str) -> str:
        if not self.key_tries[name]:
            return "6983"
        self._store()
        self.key_tries[name] -= 1
        return ""

    def _unsigned(self, command: str) -> tuple[str, str]:
        """Return a status word, empty when the MAC is right, and the data before it."""
        if len(command) < 18:
            return "6987", ""
        if not self.challenge:
            return "6984", ""
        key, self.challenge = session(STK, self.challenge), ""
        wrong = self._charge("STK")
        if wrong:
            return wrong, ""
        if mac(key, command[:-8]) != command[-8:]:
            return "6988", ""
        self._store()
        self.key_tries["STK"] = 3
        self.line_key = key
        return "", command[10:-8]

    # --- writing ---

    def _data(self, command: str) -> tuple[str, str]:
        if command[:2] == "04":
            return self._unsigned(command)
        return ("", command[10:]) if command[10:] else ("6700", "")

    def _update_record(self, command: str, p1: str, p2: int) -> str:
        file = self._by_sfi(p2 // 8)
        if file in ("6986", "6A82"):
            return file
        if file in TRANSPARENT:
            return "6981"
        tag = self._tag(list(self.records[file]), p1, p2 % 8)
        if len(tag) == 4:
            return tag
        if "04" not in self.proven:
            return "6982"
        wrong, data = self._data(command)
        if wrong:
            return wrong
        value = self.records[file][tag]
        if len(data) != 4 + len(value):
            return "6700"
        if data[:4] != f"{tag}{len(value) // 2:02X}":
            return "6A80"
        self._store()
        self.records[file][tag] = data[4:]
        self.file = file
        return "9000"

    @staticmethod
    def _tag(tags: list[str], p1: str, mode: int) -> str:
        """Return the tag of the record that P1 means, or a status word."""
        if mode == 0:
            return p1 if p1 in tags else "6A83"
        if mode != 4:
            return "6A86"
        return tags[int(p1, 16) - 1] if 1 <= int(p1, 16) <= len(tags) else "6A83"

    def _update_binary(self, command: str, p1: int, p2: int) -> str:
        if p1 & 0xE0 in (0xA0, 0xC0, 0xE0):
            return "6A86"
        file = self._by_sfi(p1 % 32 if p1 & 0x80 else 0)
        if file in ("6986", "6A82"):
            return file
        if file not in TRANSPARENT:
            return "6981"
        if "04" not in self.proven:
            return "6982"
        wrong, data = self._data(command)
        if wrong:
            return wrong
        offset, content = 2 * (p2 if p1 & 0x80 else p1 * 256 + p2), self.contents[file]
        if offset >= len(content):
            return "6B00"
        if not data or offset + len(data) > len(content):
            return "6700"
        self._store()
        self.contents[file] = content[:offset] + data + content[offset + len(data) :]
        self.file = file
        return "9000"

    # --- the PIN ---

    def _unblock(self, command: str, p1: str, p2: str) -> str:
        if p1 != "00" or p2 not in ("00", "01"):
            return "6A86"
        if self.directory != "DDF1":
            return "6A88"
        if "06" not in self.proven:
            return "6982"
        wrong, data = self._unsigned(command)
        if wrong:
            return wrong
        new = self.pin
        if p2 == "01":
            opened = ecb(self.line_key, data, back=True) if data and len(data) % 16 == 0 else ""
            new = opened[2 : 2 + 2 * int(opened[:2] or "0", 16)]
            if not opened or seal(self.line_key, new) != data:
                return "6988"
            if not 4 <= len(new) <= 12 or "FF" in (new[place : place + 2] for place in range(0, len(new), 2)):
                return "6A80"
        elif data:
            return "6700"
        self._store()
        self.pin, self.tries = new, 6
        return "9000"
