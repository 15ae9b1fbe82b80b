"""The last row of a campaign's message: a button that ends its category for whoever presses it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from gatecrier.broadcast.content.model import Button, Content, Message, Variants, messages_of
from gatecrier.broadcast.content.written import buttons_in, with_buttons

M = TypeVar("M", bound=Message)

PREFIX = "out:"
"""What the data of such a button begins with; the category follows (settings keep it to 48 bytes)."""


def unsubscribe_button(category: str) -> Button:
    """What stands under every campaign of a category."""
    return Button(text=f"Unsubscribe from {category}", data=f"{PREFIX}{category}")


def category_of(data: str) -> str:
    """The category that a button's data ends; "": it is no such button. Anybody can forge it."""
    return data.removeprefix(PREFIX) if data.startswith(PREFIX) else ""


def with_unsubscribe(content: Content, category: str) -> Content:
    """
    The content with that row under each of its messages; added twice is added once.

    Telegram shows no buttons under an album: only the text that follows one can carry it.
    """
    if isinstance(content, Variants):
        variants = (replace(one, content=with_row(one.content, category)) for one in content.variants)
        return replace(content, variants=tuple(variants))
    return with_row(content, category)


def has_unsubscribe(content: Content) -> bool:
    """Whether any of its messages ends with such a row."""
    return any(category_of(button.data) for button in _all_buttons(content))


def with_row(message: M, category: str) -> M:
    """One message with that row."""
    rows, button = buttons_in(message), unsubscribe_button(category)
    return message if (button,) in rows else with_buttons(message, (*rows, (button,)))


def _all_buttons(content: Content) -> Iterator[Button]:
    for message in messages_of(content):
        for row in buttons_in(message):
            yield from row
