def spot_the_bug():
    verdicts = "deadlock ok assertion ok thread-exception assertion".split()
    mistakes = (
        "lock-order nothing check-then-act nothing exception-in-thread lock-not-shared".split()
    )
    return dict(zip("abcdef", zip(verdicts, mistakes)))
