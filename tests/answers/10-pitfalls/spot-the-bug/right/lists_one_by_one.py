def spot_the_bug():
    predictions = {}
    predictions["a"] = ["deadlock", "lock-order"]
    predictions["b"] = ["ok", "nothing"]
    predictions["c"] = ["assertion", "check-then-act"]
    predictions["d"] = ["ok", "nothing"]
    predictions["e"] = ["thread-exception", "exception-in-thread"]
    predictions["f"] = ["assertion", "lock-not-shared"]
    return predictions
