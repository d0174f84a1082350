"""What understanding costs, measured in a process of its own: ``python -m nlu.measure MODEL`` with texts as JSON.

Reads a list of texts from standard input and prints ``{"cpu_ms", "memory_mb", "load_s"}``. A process of its own, since
training has scikit-learn in memory and the shop has not.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nlu.understand import Understander

try:
    import resource
except ImportError:  # Windows: no memory figure
    resource = None  # type: ignore[assignment]

_MOST = 300  # messages; enough for a steady mean
_WARM = 10


def measure(model: Path, texts: Sequence[str]) -> dict[str, Any]:
    """Return CPU milliseconds a message and peak memory in MB of a fresh process that understands the texts."""
    ran = subprocess.run(
        [sys.executable, "-m", "nlu.measure", str(model)],
        input=json.dumps(list(texts[:_MOST])),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        cwd=Path(__file__).parent.parent,
    )
    figures: dict[str, Any] = json.loads(ran.stdout)
    return figures


def main() -> None:
    """Understand the texts of standard input and print the figures."""
    texts = json.loads(sys.stdin.buffer.read())
    begun = time.perf_counter()
    understander = Understander.load(Path(sys.argv[1]))
    loaded = time.perf_counter() - begun
    for text in texts[:_WARM]:
        understander.understand(text)
    cpu = time.process_time()
    for text in texts:
        understander.understand(text)
    spent = (time.process_time() - cpu) * 1000 / max(1, len(texts))
    sys.stdout.write(json.dumps({"cpu_ms": round(spent, 3), "memory_mb": _peak_mb(), "load_s": round(loaded, 3)}))


def _peak_mb() -> float | None:
    """Return the most memory this program had. Linux: from /proc, since rusage also counts the parent before exec."""
    status = Path("/proc/self/status")
    if status.exists():
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return round(int(peak.split()[1]) / 1024, 1)
    if resource is None:
        return None
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024), 1)  # macOS counts bytes


if __name__ == "__main__":
    main()
