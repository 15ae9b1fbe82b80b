"""Who runs this deployment: the owner and the operators that the settings name."""

from collections.abc import Iterable, Iterator


class Operators:
    """
    Args:
        owner_id: The owner's id in Telegram; 0: nobody steers from Telegram.
        others: Ids of further operators.
    """

    def __init__(self, owner_id: int, others: Iterable[int] = ()) -> None:
        self._all = tuple(dict.fromkeys(id_ for id_ in (owner_id, *others) if id_))

    def __contains__(self, person_id: int) -> bool:
        return person_id in self._all

    def __iter__(self) -> Iterator[int]:
        return iter(self._all)

    def besides(self, person_id: int) -> tuple[int, ...]:
        """All but this one: who may confirm what they ask for."""
        return tuple(id_ for id_ in self._all if id_ != person_id)
