"""Purses: what the sources disagree on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, unique

from cardsim.profiles.settings import setting


@unique
class PurseCounter(Enum):
    """A transaction's number."""

    INIT = "init"
    """As INITIALIZE gave it, before it counts on."""
    NEXT = "next"
    """One more: as the next INITIALIZE will give it."""


@unique
class PurseProofs(Enum):
    """The proofs that a purse keeps for GET TRANSACTION PROVE."""

    EACH = "each"
    """The last of each type of transaction."""
    LAST = "last"
    """That of the last transaction: the body of 22 bytes that FMCOS charges."""


@unique
class RecordAddress(Enum):
    """What P1 of UPDATE CAPP DATA CACHE is where P2 ends in 000."""

    BOTH = "both"
    """The record's identifier; where none has it, its number."""
    IDENTIFIER = "identifier"
    """As the manuals have it."""
    NUMBER = "number"
    """As terminals in the field use it."""


@unique
class NotAllowed(Enum):
    """Status word where a PIN or key is missing."""

    SECURITY_STATUS = 0x6982
    CONDITIONS = 0x6985


@unique
class WrongOrder(Enum):
    """Status word for the second command without the first."""

    WRONG_STATE = 0x6901
    CONDITIONS = 0x6985


@dataclass(frozen=True, kw_only=True)
class PurseSettings:
    """Purses: what the sources disagree on."""

    purse_log_number: PurseCounter = setting(
        PurseCounter.INIT,
        "number in a log record: as INITIALIZE gave it, or the next",
        "交易明细中的序号:初始化返回的序号,或加一后的序号",
        "transit 2.3: the manual has it before the increment, a real FM1208 stored 0001 first",
    )
    purse_wallet_purchases_logged: bool = setting(
        True,
        "purchases of the wallet are logged; without it only loads are",
        "记录电子钱包的消费;否则只记录圈存",
        "native-card-os 13.15",
    )
    purse_clears_state: bool = setting(
        False,
        "a completed transaction takes back PINs and keys verified in the application",
        "交易完成后清除应用的安全状态",
        "native-card-os 3: one documentation says so, PBOC does not",
    )
    purse_overdraft_tac_direct: bool = setting(
        False,
        "TAC of an overdraft update under the key itself, not its halves added by XOR",
        "修改透支限额的 TAC 直接用密钥计算,而非左右两半异或",
        "native-card-os 13.11: the manual against one real card",
    )
    purse_balance_forms: tuple[int, ...] = setting(
        (0, 1, 2, 3),
        "P1 that GET BALANCE takes: 0 with the overdraft, 1 limit, 2 overdraft used, 3 the holder's own",
        "GET BALANCE 支持的 P1:0 含透支,1 透支限额,2 已透支额,3 实际余额",
        "transit 3.2; FMCOS has 0 alone (native-card-os 4)",
        low=0,
        high=3,
    )
    purse_balance_top_bit: bool = setting(
        False,
        "GET BALANCE sets the top bit of what it answers",
        "GET BALANCE 返回值最高位置 1",
        "transit 3.2: some clients mask it, one adds it",
    )
    purse_prove_counter: PurseCounter = setting(
        PurseCounter.NEXT,
        "number that GET TRANSACTION PROVE takes: as INITIALIZE gave it, or the next",
        "GET TRANSACTION PROVE 使用的序号:初始化返回的序号,或加一后的序号",
        "transit 3.5: two terminals send the next; the manual says only the transaction's",
    )
    purse_proofs: PurseProofs = setting(
        PurseProofs.EACH,
        "proofs that a purse keeps: of the last transaction of each type, or of the last one (22 bytes as FMCOS)",
        "钱包保存的交易证明:每种交易的最后一笔,或仅最后一笔(22 字节,同 FMCOS)",
        "native-card-os 8; how many no source says",
    )
    purse_load_condition: bool = setting(
        True,
        "a load needs what its purse declares, mostly the PIN; without it nothing",
        "圈存须满足钱包声明的条件(通常为 PIN);否则无条件",
        "native-card-os 1.2: an option of the key file; transit 3.3",
    )
    purse_not_allowed: NotAllowed = setting(
        NotAllowed.SECURITY_STATUS,
        "status word where the PIN has not been verified",
        "未验证 PIN 时的状态字",
        "native-card-os 3 and 4: 6982 or 6985",
    )
    purse_wrong_order: WrongOrder = setting(
        WrongOrder.WRONG_STATE,
        "status word for a debit or credit without INITIALIZE",
        "未初始化即执行借记或圈存时的状态字",
        "transit 3.4: 6901 or 6985",
    )
    purse_one_counter: bool = setting(
        False,
        "one counter for all transactions, not one on line and one off line",
        "所有交易共用一个计数器,不分联机与脱机",
        "native-card-os 1.2: an option",
    )
    purse_record_address: RecordAddress = setting(
        RecordAddress.BOTH,
        "P1 of UPDATE CAPP DATA CACHE with P2 ending in 000",
        "UPDATE CAPP DATA CACHE 的 P2 低三位为 000 时 P1 的含义",
        "transit 3.4: the manuals' table against practice",
    )
