"""
A Telegram of our own: a Bot API server over one in-memory world, with a control API.

It shares no code with `gatecrier`; a bot in any language can be pointed at it:

    async with Sandbox.start(port=0, limits=Limits.off()) as sandbox:
        ...  # sandbox.url, sandbox.world

`world/` (who there is, what people do) · `botapi/` (what bots may ask) · `entities/` (how texts are read) ·
`control/` (the door for tests) · `page/` (the door for eyes) · `http`, `server` (the socket).
"""

from gatecrier_sandbox.server import Sandbox
from gatecrier_sandbox.world.limits import Limits
from gatecrier_sandbox.world.world import World

__all__ = ["Limits", "Sandbox", "World"]
