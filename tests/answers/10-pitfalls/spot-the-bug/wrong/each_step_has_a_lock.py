# fails: spot-verdicts
# mistake: check-then-act
def spot_the_bug():
    return {
        "a": ("deadlock", "lock-order"),
        "b": ("ok", "nothing"),
        "c": ("ok", "nothing"),
        "d": ("ok", "nothing"),
        "e": ("thread-exception", "exception-in-thread"),
        "f": ("assertion", "lock-not-shared"),
    }
