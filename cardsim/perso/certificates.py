"""What a zone's authority puts on a new card: its certificate, and in the PKI application the card's key pairs."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from apdu import parse_hex
from cardsim.zones.fields import parse_date
from cardsim.zones.model import Transparent
from cardsim.zones.pki import PRIVATE_HEAD, PUBLIC_HEAD
from keys.pki import Period

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cardsim.profiles import Profile
    from cardsim.zones.layouts import Layout
    from cardsim.zones.model import Zone
    from keys.keyring import Keyring
    from keys.pki.authority import CardCertificate


def authority_contents(
    zone: Zone, layout: Layout, profile: Profile, keyring: Keyring, values: Mapping[str, str]
) -> dict[str, bytes]:
    """Return what the zone's authority puts into files of a new card, by their entries; nothing on a blank one.

    Deterministic: the authority derives the card's keys. Raises KeyringError where ``keyring`` has no such authority.
    """
    wanted = {
        file.content
        for df in zone.application.walk()
        for file in df.files
        if isinstance(file, Transparent) and layout in file.layouts
    }
    issued, expires = values["issue_date"], values["expiry_date"]
    if not (profile.card_certificates and "certificate" in wanted and issued and expires):
        return {}
    authority = keyring.authority(zone.authority.zone_id)
    identification = parse_hex(values["card_identification"])
    start = datetime.combine(parse_date(issued), time.min, UTC)
    period = Period(start, datetime.combine(parse_date(expires), time(23, 59, 59), UTC))
    versions = tuple((zone.name, version) for version in profile.key_versions)
    signing = authority.personalised(identification, period, versions)
    contents = {"certificate": bytes(signing.certificate), **_halves("signature", signing)}
    if "encryption_certificate" in wanted:
        opening = authority.personalised(identification, period, versions, encipherment=True)
        contents |= {"encryption_certificate": bytes(opening.certificate), **_halves("encryption", opening)}
    return contents


def _halves(pair: str, card: CardCertificate) -> dict[str, bytes]:
    return {f"{pair}_public": PUBLIC_HEAD + card.key.public[1:], f"{pair}_private": PRIVATE_HEAD + card.key}
