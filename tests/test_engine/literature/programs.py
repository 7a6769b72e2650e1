"""What the programs of this folder share: starting threads, and saying what is expected of them.

The first line of each says what it shows and where the idea is from; words and code are ours. JCIP
is Goetz et al., Java Concurrency in Practice; Little Book, Downey's Little Book of Semaphores
(2nd edition); OSTEP, the Arpaci-Dusseaus' Operating Systems: Three Easy Pieces.
"""

from __future__ import annotations

import threading


def together(*jobs):
    """Run each job in a thread of its own, and wait for all of them."""
    crew = [threading.Thread(target=job) for job in jobs]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()


def right(*, clock="any"):
    """A program that holds, whatever the schedule.

    `clock="exact"` marks one that is right only because computing takes no time.
    """

    def mark(program):
        program.expected = {"clocks": ("exact", "adversarial") if clock == "any" else (clock,)}
        return program

    return mark


def wrong(verdict, *mistakes, clock="exact"):
    """A program that some schedule shows to be wrong.

    `mistakes` are its true names, the best first; there is none where no identifier fits.
    """

    def mark(program):
        program.expected = {"clocks": (clock,), "verdict": verdict, "mistakes": mistakes}
        return program

    return mark
