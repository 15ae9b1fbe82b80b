"""Bot tokens: what can be told from one without showing it."""

import re
from functools import lru_cache

from gatecrier.kernel.errors import Misconfigured

_SHAPE = re.compile(r"([1-9][0-9]{0,18}):[A-Za-z0-9_-]+")
LONGEST = 80
"""Characters; the Bot API server refuses longer ones unseen."""


@lru_cache(maxsize=16_384)
def bot_id_of(token: str) -> int:
    """
    The id of the bot that `token` belongs to: the digits before the colon.

    Raises:
        Misconfigured: it is no token; the message never repeats what was given.
    """
    shape = _SHAPE.fullmatch(token)
    if shape is None or len(token) > LONGEST:
        raise Misconfigured(
            "This is no Telegram bot token (they look like 123456789:AA...).",
            remedy="Copy the token from @BotFather, whole and without spaces.",
            field="GATECRIER_BOT_TOKEN",
            code="malformed_token",
        )
    return int(shape[1])
