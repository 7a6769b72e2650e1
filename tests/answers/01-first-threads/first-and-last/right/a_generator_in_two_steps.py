def first_and_last(first, between, last):
    def everything_waits():
        workers = [threading.Thread(target=task) for task in between]
        while workers and any(not w.ident for w in workers):
            for w in workers:
                w.start()
        yield
        for w in workers:
            w.join()
        yield

    first()
    middle = everything_waits()
    next(middle)
    next(middle)
    last()
