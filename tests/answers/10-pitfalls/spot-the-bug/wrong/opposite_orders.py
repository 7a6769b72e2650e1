# fails: spot-verdicts
# mistake: none
def spot_the_bug():
    return {
        "a": ("deadlock", "lock-order"),
        "b": ("deadlock", "lock-order"),
        "c": ("assertion", "check-then-act"),
        "d": ("ok", "nothing"),
        "e": ("thread-exception", "exception-in-thread"),
        "f": ("assertion", "lock-not-shared"),
    }
