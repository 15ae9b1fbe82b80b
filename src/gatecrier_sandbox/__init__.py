"""
A Telegram of our own: a Bot API server over one in-memory world, with a control API.

It shares no code with `gatecrier`; a bot in any language can be pointed at it:

    async with Sandbox.start(port=0, limits=Limits.off()) as sandbox:
        ...  # sandbox.url, sandbox.world

Reads top to bottom: `model` (the records) and `wire` (how a bot sees them), `world` (what people do),
`access`, `rights`, `permissions` (who may), `methods/` (what bots may ask), `http` and `control` (the doors).
"""

from gatecrier_sandbox.limits import Limits
from gatecrier_sandbox.server import Sandbox
from gatecrier_sandbox.world import World

__all__ = ["Limits", "Sandbox", "World"]
