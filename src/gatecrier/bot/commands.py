"""The commands people may give, where, and what Telegram's menu says of them. Free of aiogram: see `app`."""

from gatecrier.telegram.updates import GROUPS, ChatType

SETTINGS_LINK = "gate_"
"""What /start carries from a link to a group's settings; the group's id follows, without its sign."""

IN_GROUPS = {
    "protect": "Require a channel: /protect @channel",
    "unprotect": "Require it no longer, and free everyone",
    "status": "What is required, and who is held",
    "settings": "Choose how I treat people",
    "help": "What I do",
}
IN_PRIVATE = {
    "start": "Get this bot's messages",
    "stop": "Get none",
    "settings": "Choose what you get; the groups you administer",
    "privacy": "What is kept of you, and how to end that",
    "help": "What this bot does",
}

FOR_OPERATORS = {
    "broadcast": "Send a message to all subscribers",
    "broadcast_preview": "See a message as subscribers would",
    "broadcast_schedule": "Send it later: /broadcast_schedule tomorrow 9:00",
    "broadcast_history": "All campaigns",
    "broadcast_stats": "What they came to",
    "cancel": "End what I asked you for",
}


def is_known(command: str, chat_type: ChatType) -> bool:
    """Whether a handler waits for this command in such a chat."""
    return command in (IN_GROUPS if chat_type in GROUPS else IN_PRIVATE | FOR_OPERATORS)
