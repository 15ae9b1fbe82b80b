"""Animated emoji that show a random value."""

from gatecrier_sandbox.world.model import Wire
from gatecrier_sandbox.world.state import State

SIDES = {"🎲": 6, "🎯": 6, "🎳": 6, "🏀": 5, "⚽": 5, "🎰": 64}
"""By emoji, the largest value; the smallest is 1. Source: the documentation of Dice."""


def thrown(state: State, emoji: str) -> Wire:
    """The content of a message with a fresh throw; the world's seed decides it."""
    return {"dice": {"emoji": emoji, "value": state.rng.randint(1, SIDES[emoji])}}
