"""Classification of error messages by their words: money, content, and time to wait.

The words are used where the code or the HTTP status says less.
"""

from __future__ import annotations

import re

__all__ = ["about_content", "about_money", "number_said", "used_up", "wait_said"]

_LONGEST = 2000  # characters of a message that are searched
_MONEY = re.compile(
    r"quota|\bbalance|\bcredits?\b|insufficient[ _](?:fund|amount|user)|exhausted|call volume|\bbilling|\barrears"
    r"|usage limit|plan (?:limit|is used up)|recharge|top.?up|额度|余额|欠费|充值",
    re.IGNORECASE,
)
# A rate limit uses the same words as an empty account: "quota exceeded … requests per minute".
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
    """Return whether a message about a key is really about the account's money or quota."""
    return bool(text) and _MONEY.search(str(text)[:_LONGEST]) is not None


def used_up(text: str | None) -> bool:
    """Return whether "too many" means that the account's quota is used up, and not a rate limit."""
    said = str(text or "")[:_LONGEST]
    return _USED_UP.search(said) is not None and _RATE.search(said) is None


def about_content(text: str | None) -> bool:
    """Return whether a message is about the content of the prompt, an image or the clip."""
    return bool(text) and _CONTENT.search(str(text)[:_LONGEST]) is not None


def number_said(text: str | None) -> str | None:
    """Return the last number in parentheses, which is a code in MiniMax's messages: ``… (2049)``."""
    found = _NUMBER.findall(str(text or "")[:_LONGEST])
    return str(int(found[-1])) if found else None


def wait_said(text: str | None) -> str | None:
    """Return the seconds to wait that a message names, as in ``Try again in 7 seconds``; None without any."""
    found = _WAIT.search(str(text or "")[:_LONGEST])
    return found[1] if found else None
