"""A zone's authority and a card for tests, and other authorities to take them for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from keys.pki import Certificate, Period, RevocationList, Revoked, Signer, ZoneBinding, distinguished_name
from keys.pki.authority import CertificateAuthority
from keys.sm2 import PrivateKey
from keys.tree import ZoneId

HRSS: Final = ZoneId("HRSS", "sx1.sh.社会保障".encode("gbk"))
FINANCE: Final = ZoneId("FINANCE", bytes.fromhex("A000000333010101"))
CARD_ID: Final = bytes.fromhex("639900D156000005000000017BD172E2")
LONG: Final = Period(datetime(2020, 1, 1, tzinfo=UTC), datetime(2059, 12, 31, 23, 59, 59, tzinfo=UTC))
"""Its end is a GeneralizedTime, its start a UTCTime."""
CARD_TIME: Final = Period(datetime(2024, 1, 1, tzinfo=UTC), datetime(2034, 1, 1, 23, 59, 59, tzinfo=UTC))
NOW: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)


def key(name: str) -> PrivateKey:
    return PrivateKey.derive(name.encode())


def authority(zone: ZoneId = HRSS, seed: str = "", label: str = "tests") -> CertificateAuthority:
    return CertificateAuthority.create(zone, label, key(f"root{seed}"), key(f"ca{seed}"), LONG)


AUTHORITY: Final = authority()
ROOT: Final = AUTHORITY.root.certificate
CA: Final = AUTHORITY.ca.certificate
CARD: Final = AUTHORITY.personalised(CARD_ID, CARD_TIME, (("HRSS", 0), ("HRSS/SSSE/RK", 3)))


def revoking(
    *certificates: Certificate, signer: Signer = AUTHORITY.ca, since: datetime = NOW, until: datetime | None = None
) -> RevocationList:
    revoked = [Revoked(certificate.serial, since) for certificate in certificates]
    return signer.revocation_list(revoked, since, until or since.replace(year=since.year + 1), 1)


def three_levels_of_authorities() -> tuple[Certificate, ...]:
    """Return a root that allows one authority below it, two authorities, and a card."""
    binding = ZoneBinding(HRSS.aid)
    root = Signer.root(key("deep root"), distinguished_name("tests", "deep root"), LONG, binding, path_length=1)
    first = root.authority(key("deep 1"), distinguished_name("tests", "deep 1"), LONG, binding, path_length=5)
    second = first.authority(key("deep 2"), distinguished_name("tests", "deep 2"), LONG, binding)
    card = second.card(key("deep card").public, distinguished_name("tests", "deep card"), LONG, binding)
    return root.certificate, first.certificate, second.certificate, card
