"""What is known of one person in one channel."""

from enum import IntEnum


class Standing(IntEnum):
    """Two bits, so that a million of them stay small."""

    UNKNOWN = 0  # never asked, or Telegram did not answer
    MEMBER = 1
    NOT_MEMBER = 2
    MISCONFIGURED = 3  # Telegram will not tell this bot: it is no admin of the channel
