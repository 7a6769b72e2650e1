import contextlib


class Clerk:
    def __init__(self, jobs, handle, results):
        self.jobs, self.handle, self.results = jobs, handle, results

    def __iter__(self):
        return self

    def __next__(self):
        thing = self.jobs.get()
        with contextlib.ExitStack() as stack:
            stack.callback(self.jobs.task_done)
            if thing is STOP:
                raise StopIteration
            try:
                self.results.put(self.handle(thing))
            except Exception as error:
                self.results.put(error)


def consumer(jobs, handle, results):
    for _ in Clerk(jobs, handle, results):
        pass
