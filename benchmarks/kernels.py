"""What a kernel costs: started as ever, or forked from a warm one, without and with a sandbox.

    python benchmarks/kernels.py [--rounds N]    measures and writes kernels.json

From the start until one cell has run and the kernel has ended, as nbgrader ends it; all three ways
in turn, in each round. A fifth of a second of each is jupyter_client's own: it waits that long for
outputs that nobody has asked for. The first fork, which waits until the warm kernel is ready, is
told apart.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
NAME = "taketurns"
WAYS: dict[str, dict[str, Any]] = {
    "started": {"name": "local-provisioner"},
    "forked": {"name": NAME, "sandbox": False},
    "forked_in_sandbox": {"name": NAME, "sandbox": True},
}
TIMES_FASTER = 2.0


def seconds(way: dict[str, Any]) -> float:
    """Seconds that one kernel takes."""
    from jupyter_client.manager import KernelManager
    from jupyter_client.provisioning import KernelProvisionerFactory
    from traitlets.config import Config

    KernelProvisionerFactory.instance().default_provisioner_name = way["name"]
    config = Config(ZygoteProvisioner={"sandbox": way.get("sandbox", True)})
    config.KernelManager.transport_encryption = "auto"  # as in nbgrader_config.py
    began = time.perf_counter()
    manager = KernelManager(kernel_name="python3", config=config)
    manager.start_kernel(extra_arguments=["--HistoryManager.hist_file=:memory:"])
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    reply = client.execute_interactive("print(1 + 1)", output_hook=lambda _: None, timeout=60)
    client.stop_channels()
    forked = manager.transport == "ipc"
    manager.shutdown_kernel(now=True)
    took = time.perf_counter() - began
    if reply["content"]["status"] != "ok" or forked != (way["name"] == NAME):
        raise SystemExit(f"{way} does not work here")
    return took


def measured(rounds: int) -> dict[str, Any]:
    """All figures."""
    first = {name: seconds(way) for name, way in WAYS.items()}
    took: dict[str, list[float]] = {name: [] for name in WAYS}
    for number in range(rounds):
        names = list(WAYS)
        for name in names[number % 3 :] + names[: number % 3]:
            took[name].append(seconds(WAYS[name]))
    median = {name: statistics.median(each) for name, each in took.items()}
    started = took["started"]
    return {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "rounds": rounds,
        "milliseconds": {name: round(1000 * each) for name, each in median.items()},
        "milliseconds_of_the_first": {name: round(1000 * each) for name, each in first.items()},
        "times_faster": {
            name: round(statistics.median(s / o for s, o in zip(started, each, strict=True)), 1)
            for name, each in took.items()
            if name != "started"
        },
    }


def main() -> int:
    """Measure, print, write kernels.json; return 1 if forking is not worth it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    os.environ |= {"NBGRADER_EXECUTION": "autograde", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    from jupyter_client.provisioning import KernelProvisionerFactory

    made = "taketurns.grading.provisioner:ZygoteProvisioner"
    here = EntryPoint(NAME, made, KernelProvisionerFactory.GROUP_NAME)
    KernelProvisionerFactory.instance().provisioners[NAME] = here  # even if it is not installed
    figures = measured(options.rounds)
    (HERE / "kernels.json").write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    print(json.dumps(figures, indent=2))
    slow = [name for name, times in figures["times_faster"].items() if times < TIMES_FASTER]
    if slow:
        print(f"not {TIMES_FASTER:g} times as fast: {', '.join(slow)}")
    return int(bool(slow))


if __name__ == "__main__":
    raise SystemExit(main())
