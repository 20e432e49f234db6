"""How long moves took in a cloud."""

import dataclasses
import statistics
from collections.abc import Sequence


@dataclasses.dataclass(frozen=True)
class Past:
    """Seconds that each of some moves took; at least one."""

    seconds: Sequence[float]

    @property
    def usual(self) -> float:
        """Half of them took less."""
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        least, most = min(self.seconds), max(self.seconds)
        span = f"{self.usual:.0f} s"
        if round(least) != round(most):
            span += f" ({least:.0f} to {most:.0f})"
        count = len(self.seconds)
        return f"usually {span} here, by {count} move{'s'[: count != 1]}"
