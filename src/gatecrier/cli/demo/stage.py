"""What the stories share: the two programs side by side, a voice, and patience that ends."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape

from gatecrier.app import App
from gatecrier.cli.demo.scene import Scene
from gatecrier.kernel.errors import Misconfigured
from gatecrier_sandbox import Sandbox

LOOK_SECONDS = 0.02
PATIENCE_SECONDS = 20.0


@dataclass
class Stage:
    """One run of the demo."""

    app: App
    sandbox: Sandbox
    scene: Scene
    console: Console
    #: What the world says is wrong; empty when every count is right.
    mistakes: list[str] = field(default_factory=list)

    def tell(self, text: str) -> None:
        """Say what happens, as it happens."""
        self.console.print(f"  [cyan]•[/cyan] {escape(text)}")

    def expect(self, what: str, wanted: object, found: object) -> None:
        """Compare a count with the world's; a difference fails the demo."""
        if wanted != found:
            self.mistakes.append(f"{what}: the world says {wanted}, Gatecrier {found}")

    async def until(
        self, what: str, holds: Callable[[], bool | Awaitable[bool]], *, seconds: float = PATIENCE_SECONDS
    ) -> None:
        """
        Wait for something to become true.

        Raises:
            Misconfigured: it did not; the demo's machine is far too slow, or Gatecrier is broken.
        """
        deadline = self.app.clock.monotonic() + seconds
        while not await _value(holds()):
            if self.app.clock.monotonic() > deadline:
                raise Misconfigured(f"After {seconds:.0f} s this had not happened: {what}.")
            await self.app.clock.sleep(LOOK_SECONDS)


async def _value(answer: bool | Awaitable[bool]) -> bool:
    return answer if isinstance(answer, bool) else await answer
