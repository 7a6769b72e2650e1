import functools


def errors_returned(function):
    @functools.wraps(function)
    def wrapper(*args):
        try:
            return function(*args)
        except Exception as error:
            return error

    return wrapper


class Stopped(Exception):
    pass


def consumer(jobs, handle, results):
    @errors_returned
    def answer(item):
        return handle(item)

    def step():
        thing = jobs.get()
        try:
            if thing is STOP:
                raise Stopped
            results.put(answer(thing))
        finally:
            jobs.task_done()

    try:
        while True:
            step()
    except Stopped:
        return
