# fails: spot-mistakes
# mistake: check-then-act
def spot_the_bug():
    return {
        "a": ("deadlock", "lock-order"),
        "b": ("ok", "nothing"),
        "c": ("assertion", "lost-update"),
        "d": ("ok", "nothing"),
        "e": ("thread-exception", "exception-in-thread"),
        "f": ("assertion", "lost-update"),
    }
