"""What bots may ask, one file per noun. Importing this package registers every method."""

from gatecrier_sandbox.botapi.methods import bot, callbacks, chats, editing, links, members, messages, updates

__all__ = ["bot", "callbacks", "chats", "editing", "links", "members", "messages", "updates"]
