"""What a refusal's words say where its code or HTTP status says less: money, content, and how long to wait."""

from __future__ import annotations

import re

__all__ = ["about_content", "about_money", "number_said", "used_up", "wait_said"]

_LONGEST = 2000  # characters that are looked at
_MONEY = re.compile(
    r"quota|\bbalance|\bcredits?\b|insufficient[ _](?:fund|amount|user)|exhausted|call volume|\bbilling|\barrears"
    r"|usage limit|plan (?:limit|is used up)|recharge|top.?up|额度|余额|欠费|充值",
    re.IGNORECASE,
)
# A full minute is told in the same words as an empty account: "quota exceeded … requests per minute".
_RATE = re.compile(
    r"per[ _-]?(?:second|minute|sec|min)\b|\brp[ms]\b|\btp[ms]\b|concurren|rate.?limit|频率|并发", re.IGNORECASE
)
_USED_UP = re.compile(
    r"insufficient|exhausted|used up|current quota|out of call volume|usage limit|\bbilling|\bbalance|out of credits?"
    r"|not enough credits?|daily.?limit|额度|余额|欠费",
    re.IGNORECASE,
)
_CONTENT = re.compile(
    r"\bflagged\b|content[ _-]*polic|(?<!case[ -])sensitive|\bnsfw\b|violat|moderat|inappropriate|unsafe content"
    r"|prohibited content|敏感|违规|违禁",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\((\d{3,5})\)")
_WAIT = re.compile(r"\b(?:again|retry|wait)\b[^.\d]{0,40}?\b(\d{1,5}) ?s(?:ec(?:ond)?s?)?\b", re.IGNORECASE)


def about_money(text: str | None) -> bool:
    """Whether a refusal of a key is about the account's money or quota: no other key of it would do better."""
    return bool(text) and _MONEY.search(str(text)[:_LONGEST]) is not None


def used_up(text: str | None) -> bool:
    """Whether "too many" is of what the account may use at all, and not of this minute."""
    said = str(text or "")[:_LONGEST]
    return _USED_UP.search(said) is not None and _RATE.search(said) is None


def about_content(text: str | None) -> bool:
    """Whether a refusal is about what the prompt, a picture or the clip shows."""
    return bool(text) and _CONTENT.search(str(text)[:_LONGEST]) is not None


def number_said(text: str | None) -> str | None:
    """The last number in brackets, as MiniMax's codes stand in its messages: ``… (2049)``."""
    found = _NUMBER.findall(str(text or "")[:_LONGEST])
    return str(int(found[-1])) if found else None


def wait_said(text: str | None) -> str | None:
    """The seconds to wait, where the words name them: ``Try again in 7 seconds``."""
    found = _WAIT.search(str(text or "")[:_LONGEST])
    return found[1] if found else None
