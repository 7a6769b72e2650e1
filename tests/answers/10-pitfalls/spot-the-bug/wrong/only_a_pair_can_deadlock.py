# fails: spot-verdicts
# mistake: lock-order
def spot_the_bug():
    return {
        "a": ("ok", "nothing"),
        "b": ("ok", "nothing"),
        "c": ("assertion", "check-then-act"),
        "d": ("ok", "nothing"),
        "e": ("thread-exception", "exception-in-thread"),
        "f": ("assertion", "lock-not-shared"),
    }
