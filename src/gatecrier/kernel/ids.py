"""Ids that leave the house: opaque, unguessable, short enough for 64 bytes of callback data."""

import random
import secrets
from base64 import urlsafe_b64encode

OPAQUE_BYTES = 12  # 96 bits: beyond guessing at any rate Telegram allows; 16 characters of text


def opaque(rng: random.Random | None = None) -> str:
    """A new opaque id of 16 characters; from `rng` where a test wants it repeatable, else from the system."""
    raw = rng.randbytes(OPAQUE_BYTES) if rng else secrets.token_bytes(OPAQUE_BYTES)
    return urlsafe_b64encode(raw).decode("ascii")
