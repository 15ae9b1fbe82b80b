"""
A client of the control API, for tests written in Python:

    async with SandboxClient("http://127.0.0.1:8081") as sandbox:
        bot = await sandbox.make_bot("my_bot")
        ann = await sandbox.make_person("Ann")
        await sandbox.start(ann.id, bot.id)

Every method is one act of a person (or of the world), and returns what came of it as a record of
`control.answers`. Times are seconds, dates Unix seconds. What the world does not let happen raises
`SandboxRefused`; a sandbox that cannot be reached raises what aiohttp raises.
"""

from gatecrier_sandbox.client.accounts import Accounts
from gatecrier_sandbox.client.chats import Chats
from gatecrier_sandbox.client.connection import Event, SandboxRefused
from gatecrier_sandbox.client.laws import Laws
from gatecrier_sandbox.client.log import Log
from gatecrier_sandbox.client.talking import Talking

__all__ = ["Event", "SandboxClient", "SandboxRefused"]


class SandboxClient(Accounts, Chats, Talking, Laws, Log):
    """The control API of one sandbox; `url` is what the sandbox printed, without a path."""
