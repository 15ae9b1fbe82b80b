"""Parameters that are JSON inside a parameter: keyboards, permissions, entities."""

import msgspec

from gatecrier_sandbox.errors import bad_request

BROKEN = (msgspec.DecodeError, UnicodeError, RecursionError)
"""What a decoder raises on text that is no (sane) JSON."""


def decode(raw: str, noun: str) -> object:
    """Read a structured parameter; 400 `can't parse <noun> JSON object` if it is not JSON."""
    try:
        return msgspec.json.decode(raw)
    except BROKEN:
        raise bad_request(f"can't parse {noun} JSON object") from None
