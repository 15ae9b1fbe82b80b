"""Which world a sandbox opens with: a file's, the demo's, or an empty one."""

from pathlib import Path

from gatecrier_sandbox.world import demo, worldfile
from gatecrier_sandbox.world.limits import Limits
from gatecrier_sandbox.world.world import World

DEMO = "demo"


def opened(file: Path | None, *, seed: str | int, limits: Limits) -> World:
    """
    The world to begin with.

    Args:
        file: where it is saved to; if it exists already, it is loaded and `seed` and `limits` mean nothing.
        seed: a number from which tokens and ids follow, or "demo" for the demo's world.
    Raises:
        BrokenWorldFile: the file is no world.
        OSError: it cannot be read, or its folder does not exist.
        ValueError: the seed is neither a number nor "demo".
    """
    if file is not None and file.exists():
        world = worldfile.load(file)
    else:
        if file is not None:
            file.parent.stat()
        world = World(limits=limits, seed=_number(seed))
        if seed == DEMO:
            demo.populate(world)
    world.file = file
    return world


def _number(seed: str | int) -> int:
    try:
        return 1 if seed == DEMO else int(seed)
    except ValueError:
        raise ValueError(f'a seed is a number or "{DEMO}", not {seed!r}') from None
