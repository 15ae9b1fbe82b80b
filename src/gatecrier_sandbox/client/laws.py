"""Time, limits, faults; saving and beginning anew."""

from msgspec import UNSET

from gatecrier_sandbox.client.connection import Connection
from gatecrier_sandbox.control import answers, requests
from gatecrier_sandbox.world.clock import Reading
from gatecrier_sandbox.world.faults import Fault
from gatecrier_sandbox.world.limits import Limits


class Laws(Connection):
    """Time, limits, faults; saving and beginning anew."""

    async def clock(self) -> Reading:
        """What time it is there."""
        return await self.ask("GET", "/clock", Reading)

    async def freeze(self, *, now: float | None = None, speed: float = 0.0) -> Reading:
        """Stop the time (or let it run at another speed), at `now` or where it is."""
        wish = requests.ClockWish("manual", UNSET if now is None else float(now), speed)
        return await self.ask("PUT", "/clock", Reading, wish)

    async def unfreeze(self) -> Reading:
        """Give the time back to the machine."""
        return await self.ask("PUT", "/clock", Reading, requests.ClockWish("real"))

    async def advance(self, seconds: float) -> Reading:
        """Move the time forward; what falls due has happened when this returns."""
        return await self.ask("POST", "/clock/advance", Reading, requests.Advance(seconds))

    async def limits(self) -> Limits:
        """How fast bots may send."""
        return await self.ask("GET", "/limits", Limits)

    async def set_limits(self, limits: Limits) -> Limits:
        """Set other rates; `Limits.off()` lifts them."""
        return await self.ask("PUT", "/limits", Limits, limits)

    async def add_fault(self, fault: Fault) -> Fault:
        """Let something go wrong from now on."""
        return await self.ask("POST", "/faults", Fault, fault)

    async def faults(self) -> list[Fault]:
        """What goes wrong, and how often it did."""
        return await self.ask("GET", "/faults", list[Fault])

    async def delete_fault(self, fault_id: int) -> None:
        """Let one thing work again."""
        await self.ask("DELETE", f"/faults/{fault_id}", answers.Deleted)

    async def clear_faults(self) -> int:
        """Let everything work again; returns how many faults there were."""
        return (await self.ask("DELETE", "/faults", answers.Deleted)).deleted

    async def webhooks_strict(self) -> bool:
        """Whether webhooks must look as Telegram wants them."""
        return (await self.ask("GET", "/webhooks", answers.WebhookLaw)).strict

    async def set_webhooks_strict(self, strict: bool) -> None:
        """Demand HTTPS, Telegram's ports and public addresses of webhooks set from now on, or do not."""
        await self.ask("PUT", "/webhooks", answers.WebhookLaw, answers.WebhookLaw(strict))

    async def save(self) -> answers.Saved:
        """Write the world into its file."""
        return await self.ask("POST", "/save", answers.Saved)

    async def reset(self) -> None:
        """Begin anew: everybody and everything is gone. Clock and limits stay."""
        await self.ask("DELETE", "", answers.Deleted)
