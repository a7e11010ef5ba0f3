"""The PKI application, and the certificates that cards carry."""

from __future__ import annotations

from dataclasses import dataclass

from cardsim.profiles.settings import setting


@dataclass(frozen=True, kw_only=True)
class PkiSettings:
    """The PKI application, and the certificates that cards carry."""

    pki_user_pin_limit: int = setting(
        6,
        "wrong entries until the user PIN of the PKI application is blocked",
        "PKI 应用用户 PIN 允许的连续错误次数",
        "no source: as the HRSS PIN",
        low=1,
        high=15,
    )
    pki_admin_pin_limit: int = setting(
        6,
        "wrong entries until the administrator PIN of the PKI application is blocked",
        "PKI 应用管理员 PIN 允许的连续错误次数",
        "no source: as the HRSS PIN",
        low=1,
        high=15,
    )
    card_certificates: bool = setting(
        False,
        "a new card has its key pairs, and in every zone the certificate that the zone's authority issued to it",
        "新卡已含密钥对,且每个区域都有该区域机构签发的卡证书",
        "handbook Q10: 3rd generation; without it the files are empty",
    )
