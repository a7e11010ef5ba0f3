"""A second, naive card: the default 2nd-generation one at its T=0 port, from the sheets, sharing no code with the chip.

It knows SELECT, READ RECORD, READ BINARY, VERIFY, CHANGE PIN and GET RESPONSE as facts hrss-card 3 and 5 have them;
what keys are for is in model_keys. Plain strings and dicts; slow and obvious on purpose.
"""

from __future__ import annotations

MF_NAME = "315041592E5359532E4444463031"
SSSE_NAME = "7378312E73682EC9E7BBE1B1A3D5CF"
FCI = {"3F00": "6F10840E" + MF_NAME, "DDF1": "6F16840F" + SSSE_NAME + "A50388011E"}

# What tests.unit.chip.bench.HOLDER gives, element by element.
EF05 = {
    "01": "639900D15600000500BF7C7A48FB4966",
    "02": "33",
    "03": "322E3030",
    "04": "9156000002430200430100D5",
    "05": "20240101",
    "06": "20340101",
    "07": "583030303030303139",
}
EF06 = {
    "08": "363339393030313939303033303730303335",
    "09": "B2E2CAD4D3C3BBA7" + 22 * "00",
    "4E": 20 * "00",
    "0A": "31",
    "0B": "01",
    "0C": "639900",
    "0D": "19900307",
}
RECORDS = {"EF05": EF05, "EF06": EF06}
TRANSPARENT = {"EF07": 0x400, "EF08": 0x1000}


class StoreFailureError(Exception):
    """The store refused this write."""


class Model:
    def __init__(self) -> None:
        self.pin = "123456"
        self.tries = 6
        self.records = {fid: dict(elements) for fid, elements in RECORDS.items()}
        self.fail_after: int | None = None
        self.reset()

    def reset(self) -> None:
        self.directory = "3F00"
        self.file = ""
        self.verified = False
        self.waiting = ""

    def transmit(self, command: str) -> str:
        """Give the answer to a well-formed short command, as the T=0 port has it."""
        if command[:4] == "00C0":
            return self._get_response(command)
        self.waiting = ""
        try:
            match command[:4]:
                case "00A4":
                    answer = self._select(command[4:6], command[6:8], command[10:])
                case "00B2":
                    answer = self._read_record(command[4:6], int(command[6:8], 16))
                case "00B0":
                    answer = self._read_binary(command)
                case "0020":
                    answer = self._verify(command[4:6], command[6:8], command[10:])
                case "805E":
                    answer = self._change(command[4:6], command[6:8], command[10:])
                case _:
                    answer = self._with_keys(command)
        except StoreFailureError:
            return "6581"
        if len(answer) == 4 and answer[0] in "69":
            return answer
        if command[:4] == "00A4":
            self.waiting = answer
            return f"61{len(answer) // 2:02X}"
        return self._fit(answer, command[8:10] or "00")

    def _with_keys(self, command: str) -> str:
        raise AssertionError(command)

    @staticmethod
    def _fit(data: str, le: str) -> str:
        size = len(data) // 2
        return data + "9000" if (int(le, 16) or 256) == size else f"6C{size:02X}"

    def _get_response(self, command: str) -> str:
        if not self.waiting:
            return "6985"
        if command[4:8] != "0000":
            return "6A86"
        le = int(command[8:10] or "0", 16)
        left = len(self.waiting) // 2 - le
        if le and left > 0:
            piece, self.waiting = self.waiting[: 2 * le], self.waiting[2 * le :]
            return f"{piece}61{left:02X}"
        answer = self._fit(self.waiting, command[8:10] or "00")
        if answer[:2] != "6C":
            self.waiting = ""
        return answer

    # --- SELECT ---

    def _select(self, p1: str, p2: str, data: str) -> str:
        if p1 == "04" and p2 == "02":
            return "6A82"
        if p2 not in ("00", "0C"):
            return "6A86"
        found = self._find(p1, data)
        if found in ("6A82", "6A86", "6700"):
            return found
        directory, _, file = found.partition("/")
        if directory == "3F00":
            self.verified = False
        self.directory, self.file = directory, file
        return "9000" if file or p2 == "0C" else FCI[directory]

    def _find(self, p1: str, data: str) -> str:
        """Return "directory", "directory/file" or a status word."""
        if p1 not in ("00", "01", "02", "03", "04", "08", "09"):
            return "6A86"
        if p1 == "00" and not data:
            return "3F00"
        fits = {"03": not data, "04": True, "08": data and len(data) % 4 == 0, "09": data and len(data) % 4 == 0}
        if not fits.get(p1, len(data) == 4):
            return "6700"
        here = self.directory
        answers = {
            "00": data if data in FCI else self._file(here, data),
            "01": data if (here, data) == ("3F00", "DDF1") else "6A82",
            "02": self._file(here, data),
            "03": "3F00" if here == "DDF1" else "6A82",
            "04": {MF_NAME: "3F00", SSSE_NAME: "DDF1"}.get(data, "6A82"),
            "08": self._path("3F00", data),
            "09": self._path(here, data),
        }
        return answers[p1]

    @staticmethod
    def _file(directory: str, fid: str) -> str:
        known = directory == "DDF1" and (fid in RECORDS or fid in TRANSPARENT)
        return f"{directory}/{fid}" if known else "6A82"

    def _path(self, directory: str, path: str) -> str:
        if directory == "3F00" and path[:4] == "DDF1":
            return self._path("DDF1", path[4:]) if path[4:] else "DDF1"
        return self._file(directory, path) if len(path) == 4 else "6A82"

    # --- reading ---

    def _by_sfi(self, sfi: int) -> str:
        """Return a FID or a status word."""
        if not sfi:
            return self.file or "6986"
        fid = f"EF{sfi:02X}"
        return fid if self._file(self.directory, fid) != "6A82" else "6A82"

    def _read_record(self, p1: str, p2: int) -> str:
        mode = p2 % 8
        if mode not in (0, 4, 5):
            return "6A86"
        file = self._by_sfi(p2 // 8)
        if file in ("6986", "6A82"):
            return file
        if file in TRANSPARENT:
            return "6981"
        records = [f"{tag}{len(value) // 2:02X}{value}" for tag, value in self.records[file].items()]
        number = int(p1, 16)
        if mode == 0:
            wanted = [record for record in records if record[:2] == p1]
        elif number:
            wanted = records[number - 1 :] if mode == 5 else records[number - 1 : number]
        else:
            wanted = []
        if not wanted:
            return "6A83"
        self.file = file
        return "".join(wanted)

    def _read_binary(self, command: str) -> str:
        p1 = int(command[4:6], 16)
        if p1 & 0xE0 in (0xA0, 0xC0, 0xE0):
            return "6A86"
        file = self._by_sfi(p1 % 32 if p1 & 0x80 else 0)
        if file in ("6986", "6A82"):
            return file
        return "6981" if file in RECORDS else "6982"

    # --- the PIN ---

    def _store(self) -> None:
        if self.fail_after is None:
            return
        self.fail_after -= 1
        if self.fail_after < 0:
            self.fail_after = None
            raise StoreFailureError

    def _reference(self, p1: str, wanted: str, p2: str) -> str:
        if p1 != wanted or int(p2, 16) & 0x60:
            return "6A86"
        return "" if p2 == "00" and self.directory == "DDF1" else "6A88"

    def _compare(self, given: str) -> str:
        """Charge a try, then compare; all tries come back with what the command writes."""
        if not self.tries:
            return "6983"
        self._store()
        self.tries -= 1
        if given.rstrip("F") != self.pin.rstrip("F"):
            return f"63C{self.tries}"
        self._store()
        self.tries = 6
        return "9000"

    def _verify(self, p1: str, p2: str, pin: str) -> str:
        wrong = self._reference(p1, "00", p2)
        if wrong:
            return wrong
        if not pin:
            if not self.tries:
                return "6983"
            return "9000" if self.verified else f"63C{self.tries}"
        if not 4 <= len(pin) <= 12:
            return "6700"
        answer = self._compare(pin)
        self.verified = self.verified or answer == "9000"
        return answer

    def _change(self, p1: str, p2: str, data: str) -> str:
        wrong = self._reference(p1, "01", p2)
        if wrong:
            return wrong
        if not 10 <= len(data) <= 26:
            return "6700"
        parts = [bytes.hex(part).upper() for part in bytes.fromhex(data).split(b"\xff")]
        if len(parts) != 2:
            return "6A80"
        old, new = parts
        if not (4 <= len(old) <= 12 and 4 <= len(new) <= 12):
            return "6700"
        answer = self._compare(old)
        if answer == "9000":
            self.pin = new
        return answer
