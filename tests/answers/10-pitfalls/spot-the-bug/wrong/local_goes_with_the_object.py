# fails: spot-verdicts
# mistake: exception-in-thread
def spot_the_bug():
    return {
        "a": ("deadlock", "lock-order"),
        "b": ("ok", "nothing"),
        "c": ("assertion", "check-then-act"),
        "d": ("ok", "nothing"),
        "e": ("ok", "nothing"),
        "f": ("assertion", "lock-not-shared"),
    }
