from contextlib import ExitStack


def run_all(tasks):
    with ExitStack() as waiting:
        for task in tasks:
            task.start()
            waiting.callback(task.join)
    errors = [task.error for task in tasks if task.error is not None]
    if errors:
        raise errors[0]
    return list(map(lambda task: task.result, tasks))
