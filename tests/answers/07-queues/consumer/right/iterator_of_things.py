from contextlib import contextmanager


@contextmanager
def taken(jobs):
    thing = jobs.get()
    try:
        yield thing
    finally:
        jobs.task_done()


def consumer(jobs, handle, results):
    going = True
    while going:
        with taken(jobs) as thing:
            going = thing is not STOP
            if going:
                results.put(attempt(handle, thing))


def attempt(handle, item):
    try:
        return handle(item)
    except Exception as error:
        return error
