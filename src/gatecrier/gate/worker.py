"""What the gate does by the clock: whatever a crash, an outage or a lost update left is mended."""

from gatecrier.gate.service import Gatekeeper


class Healer:
    """Mends what a crash, an outage or another process left behind."""

    def __init__(self, gatekeeper: Gatekeeper) -> None:
        self._gatekeeper = gatekeeper

    async def run_once(self) -> dict[str, int]:
        """
        Read the gates anew, finish what is half done or over, look at suspended gates; save and forget.

        Raises:
            TryLater: the database is gone; the next run goes on.
        """
        gatekeeper = self._gatekeeper
        await gatekeeper.gates.load()
        counts = {
            "finished": await gatekeeper.finish_half_done(),
            "served": await gatekeeper.end_served(),
            "calmed": await gatekeeper.end_raids(),
            "resumed": await gatekeeper.look_at_suspended(),
            "saved": await gatekeeper.save_standings(),
            "forgotten": await gatekeeper.forget_old_cases(),
        }
        gatekeeper.bell.set()  # cards that a crash left behind
        return counts
