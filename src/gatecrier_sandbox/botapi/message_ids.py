"""`message_ids`: up to a hundred messages of one chat. Source: telegram-bot-api `get_message_ids`."""

import re

from gatecrier_sandbox.botapi.api import Call
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.structured import decode

MOST = 100
LARGEST = 2**31 - 1
NUMBER = re.compile(r"-?[0-9]{1,10}")


def message_ids(call: Call) -> list[int]:
    """
    The numbers a request names, in its order.

    Raises:
        ApiError: 400 none, too many, or not numbers.
    """
    raw = call.text("message_ids")
    if not raw:
        raise bad_request("message identifiers are not specified")
    values = decode(raw, "message_ids")
    if not isinstance(values, list):
        raise bad_request("expected an Array of message identifiers")
    if len(values) > MOST:
        raise bad_request("too many message identifiers specified")
    numbers = [_number(value) for value in values]
    if not numbers:
        raise bad_request("message identifiers are not specified")
    return numbers


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise bad_request("message identifier must be a Number")
    text = str(value)
    if NUMBER.fullmatch(text) is None or abs(int(text)) > LARGEST:
        raise bad_request("can't parse message identifier as Number")
    if int(text) <= 0:
        raise bad_request("invalid message identifier specified")
    return int(text)
