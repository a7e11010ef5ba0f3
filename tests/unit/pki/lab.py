"""A 3rd-generation card at its PKI application, with injected challenges."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from cardsim.chip.files import ElementaryFile
from cardsim.chip.layout import KeyType
from cardsim.profiles import GEN3
from cardsim.zones.layouts import Layout
from tests.cards import make_image
from tests.unit.chip.bench import Bench
from tests.unit.pki import openssl

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

DDF = "00A404000C504B492EC9E7BBE1B1A3D5CF"
ADF = "00A404000C53532E434552542E41444631"
CHALLENGE = "0084000010"
USER, ADMINISTRATOR = "81", "00"
USER_PIN, ADMINISTRATOR_PIN = "123456", "12345678"
GENERATE = "80C9820008C0020012C2020013"
GENERATE_2 = "8040000008C0020012C2020013"
TEST_MK = b"TEST MASTER KEY1"
"""In place of the master key that the TEST keyring derives."""


@cache
def image(*settings: tuple[str, object]) -> bytes:
    return make_image(layout=Layout.V3_00, chip=GEN3, settings=dict(settings)).memory


@cache
def with_test_key(*settings: tuple[str, object]) -> bytes:
    """The memory of a card with TEST_MK."""
    card = PkiBench(image(*settings))
    place = card.card.context.directory.keys[KeyType.EXTERNAL, 0][0].value
    return card.image[:place] + TEST_MK + card.image[place + len(TEST_MK) :]


class PkiBench(Bench):
    """A powered card; challenges are 16 times 11, 22, 33 .. unless ``challenges`` holds others."""

    def __init__(self, memory: bytes | None = None, /, **settings: object) -> None:
        self.challenges: list[bytes] = []
        raw = with_test_key(*sorted(settings.items())) if memory is None else memory
        super().__init__(raw, GEN3.override(settings))
        assert self.run(DDF, ADF)[-4:] == "9000"

    @classmethod
    def of_holder(cls, holder: Mapping[str, object]) -> Self:
        """A card as it comes, with the ATR that belongs to it."""
        made = make_image(holder, layout=Layout.V3_00, chip=GEN3)
        return cls(made.memory, historical_bytes=made.profile.historical_bytes.hex())

    def _entropy(self, size: int) -> bytes:
        return self.challenges.pop(0) if self.challenges and size == 16 else super()._entropy(size)

    def challenge(self) -> bytes:
        return bytes.fromhex(self.run(CHALLENGE)[:-4])

    def verify(self, reference: str, digits: str) -> str:
        return self.send(f"002001{reference}10{openssl.proof(digits, self.challenge())}")

    def login(self, *references: str) -> None:
        for reference in references:
            digits = USER_PIN if reference == USER else ADMINISTRATOR_PIN
            assert self.verify(reference, digits) == "9000"

    def protected(self, header: str, key: bytes, data: bytes = b"") -> str:
        return self.send(openssl.protected(header, key, self.challenge(), data))

    def file(self, fid: str) -> bytes:
        """The content of a file, from the memory."""
        node = self.card.context.directory.by_fid[int(fid, 16)]
        assert isinstance(node, ElementaryFile)
        return self.memory.read(node.body, node.size)
