class After(threading.Thread):
    """Calls a function when all the threads before it have ended."""

    def __init__(self, function, before):
        super().__init__()
        self.function = function
        self.before = before

    def run(self):
        for thread in self.before:
            thread.join()
        self.function()


def first_and_last(first, between, last):
    opening = After(first, [])
    helpers = [After(function, [opening]) for function in between]
    closing = After(last, helpers)
    for thread in [opening, *helpers, closing]:
        thread.start()
    closing.join()
