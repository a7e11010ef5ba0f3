"""PINs, keys, challenges, line protection."""

from __future__ import annotations

from dataclasses import dataclass

from cardsim.profiles.choices import BlockedSelect, ChallengeLifetime, LineMac, VerifyQuery, WriteProtection, WrongMac
from cardsim.profiles.settings import setting
from keys.sm import Extension, Fold


@dataclass(frozen=True, kw_only=True)
class SecuritySettings:
    """PINs, keys, challenges, line protection."""

    pin_limit: int = setting(
        6,
        "wrong entries until the HRSS PIN is blocked",
        "社保 PIN 允许的连续错误次数",
        "hrss-card 5 [inf]",
        low=1,
        high=15,
    )
    verify_query: VerifyQuery = setting(
        VerifyQuery.TRIES_LEFT,
        "answer to VERIFY without data",
        "不带数据的 VERIFY 的响应",
        "ISO/IEC 7816-4, 11.6.6; unknown on real cards",
    )
    failed_verify_revokes: bool = setting(
        False,
        "a wrong PIN takes back an earlier right one",
        "PIN 错误时撤销先前的验证状态",
        "native-card-os 3: failure never changes state",
    )
    state_survives_reselect: bool = setting(
        True,
        "selecting the same application again keeps PINs and keys verified",
        "重新选择同一应用时保留安全状态",
        "terminal-interface 2.3 [inf]",
    )
    challenge_sizes: tuple[int, ...] = setting(
        (4, 8), "lengths that GET CHALLENGE gives", "GET CHALLENGE 支持的长度", "hrss-card 4.3", low=1, high=255
    )
    challenge_lifetime: ChallengeLifetime = setting(
        ChallengeLifetime.UNTIL_USED, "how long a challenge can be used", "随机数的有效期", "hrss-card 4.3, 8"
    )
    key_limit: int = setting(
        3,
        "wrong cryptograms or MACs until a key is blocked",
        "密钥允许的连续错误次数",
        "terminal-interface 3.2: 63C2 is the most met",
        low=1,
        high=15,
    )
    key_versions: tuple[int, ...] = setting(
        (0,),
        "versions of every key on the card",
        "卡上每个密钥的版本号",
        "hrss-card 4.1: 00 to 03",
        high=3,
        needed=True,
    )
    line_mac: LineMac = setting(
        LineMac.SESSION, "key and IV of the MAC of protected commands", "安全报文 MAC 的密钥与初始向量", "hrss-card 4.5"
    )
    sm4_extension: Extension = setting(
        Extension.ZEROS,
        "how 8 bytes of a factor or source fill a block of SM4",
        "8 字节因子或数据填充为 SM4 分组的方式",
        "terminal-interface 2.5: unknown; UNPROVEN",
    )
    sm4_fold: Fold = setting(
        Fold.XOR_HALVES,
        "what is sent of a block of SM4 as a cryptogram",
        "SM4 分组作为密文发送的部分",
        "terminal-interface 2.5: unknown; UNPROVEN",
    )
    wrong_mac: WrongMac = setting(
        WrongMac.SM_OBJECT_WRONG,
        "status word for a wrong MAC",
        "MAC 错误的状态字",
        "native-card-os 15.3; 9302 in hrss-card 3",
    )
    write_protection: WriteProtection = setting(
        WriteProtection.NONE,
        "what a write to a file under an update key must carry",
        "受更新密钥控制的文件写入时的线路保护",
        "hrss-card 6 (S7 alone has MAC)",
    )
    blocked_select: BlockedSelect = setting(
        BlockedSelect.LOCKED,
        "answer to SELECT of a blocked application",
        "选择已锁定应用的响应",
        "hrss-card 3 [inf]; native-card-os 13",
    )
