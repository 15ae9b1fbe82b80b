"""aiogram's objects as our records: services know nothing of aiogram."""

from aiogram.types import User

from gatecrier.kernel.errors import Refused
from gatecrier.telegram.updates import Person


def person_of(user: User | None) -> Person:
    """
    Who it is.

    Raises:
        Refused: nobody, as in a channel's post.
    """
    if user is None:
        raise Refused("Only a person can do that.", code="not_a_person")
    return Person(
        id=user.id,
        is_bot=user.is_bot,
        first_name=user.first_name,
        last_name=user.last_name or "",
        username=user.username or "",
        language_code=user.language_code or "",
        is_premium=bool(user.is_premium),
    )
