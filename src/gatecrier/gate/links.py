"""Invite links as bots see them: whole if they are the bot's own, else only how they begin."""

from datetime import datetime

from gatecrier.gate.model import Exemptions
from gatecrier.gate.rules import is_exempt

CUT_SHORT = ("...", "…")
LEAST_SHOWN = len("https://t.me/+12345678")
"""Characters of a link that Telegram cuts short: 48 random bits, so that it is taken for no other link."""


def exempting(link: str, exemptions: Exemptions, now: datetime) -> str | None:
    """The exempt link by which somebody comes; None: they come by no such link."""
    if not link:
        return None
    if is_exempt(link, exemptions, now):
        return link
    begins = link.rstrip(".…")
    if not link.endswith(CUT_SHORT) or len(begins) < LEAST_SHOWN:
        return None
    alike = (each for each in exemptions if isinstance(each, str) and each.startswith(begins))
    return next((each for each in alike if is_exempt(each, exemptions, now)), None)
