"""Ids that leave the house: opaque, unguessable, short enough for 64 bytes of callback data."""

import secrets

OPAQUE_BYTES = 12  # 96 bits: beyond guessing at any rate Telegram allows; 16 characters of text


def opaque() -> str:
    """A new opaque id of 16 characters."""
    return secrets.token_urlsafe(OPAQUE_BYTES)
