"""Several things done side by side: all end, and of their failures the one is raised that loses nothing."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import TypeVar

from gatecrier.kernel.errors import TryLater

T = TypeVar("T")


async def all_done(parts: Iterable[Awaitable[T]]) -> list[T]:
    """
    Do every part, side by side, and raise a failure only when all have ended.

    Raises:
        TryLater: some part is to be repeated, whatever else failed: any other error would end the
            update, and with it what is still to do.
    """
    outcomes = await asyncio.gather(*parts, return_exceptions=True)
    failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    if failures:
        raise min(failures, key=_rank)
    return [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]


def _rank(failure: BaseException) -> int:
    if not isinstance(failure, Exception):
        return 0  # we are being ended
    return 1 if isinstance(failure, TryLater) else 2
