def spot_the_bug():
    return {
        "a": ("deadlock", "lock-order"),
        "b": ("ok", "nothing"),
        "c": ("assertion", "check-then-act"),
        "d": ("ok", "nothing"),
        "e": ("thread-exception", "exception-in-thread"),
        "f": ("assertion", "lock-not-shared"),
    }
