"""The records of what was asked: polls, inline queries, calls of guest bots."""

from msgspec import Struct, field

from gatecrier_sandbox.world.model import Message, Wire


class PollOption(Struct, gc=False, omit_defaults=True):
    """One answer of a poll. `added_by` is 0 where it was there from the start; a chat's id if anonymous."""

    id: str
    text: str
    entities: list[Wire] = field(default_factory=list)
    added_by: int = 0
    addition_date: int = 0


class Poll(Struct, omit_defaults=True):
    """
    A poll; forwards share it. Dates are Unix seconds, `open_period` seconds; 0 means none.

    `votes`: by voter (a chat's id where somebody anonymous voted), the chosen options. `bot_id`: who sent it.
    """

    id: str
    bot_id: int
    question: str
    options: list[PollOption]
    question_entities: list[Wire] = field(default_factory=list)
    description: str = ""
    description_entities: list[Wire] = field(default_factory=list)
    is_anonymous: bool = True
    is_quiz: bool = False
    allows_multiple_answers: bool = False
    allows_revoting: bool = True
    allows_adding: bool = False
    members_only: bool = False
    country_codes: list[str] = field(default_factory=list)
    correct: list[int] = field(default_factory=list)
    explanation: str = ""
    explanation_entities: list[Wire] = field(default_factory=list)
    open_period: int = 0
    close_date: int = 0
    is_closed: bool = False
    votes: dict[int, list[int]] = field(default_factory=dict)


class InlineQuery(Struct, omit_defaults=True):
    """
    What a person typed behind a bot's name, and the bot's answer.

    `results` is None until it came: by id, the messages that would be sent; `shown` is how the bot put them.
    """

    id: str
    bot_id: int
    user_id: int
    chat_id: int
    query: str
    date: float
    offset: str = ""
    chat_type: str = "sender"
    results: dict[str, Message] | None = None
    shown: list[Wire] = field(default_factory=list)
    next_offset: str = ""
    cached_until: float = 0.0
    is_personal: bool = False
    button: Wire | None = None


class GuestQuery(Struct, gc=False):
    """A message that called a bot into a chat it is no member of, waiting for its answer."""

    id: str
    bot_id: int
    chat_id: int
    message_id: int
    caller_id: int
    date: float
