def run_all(tasks):
    """Start all the tasks, wait for all, and return their results or raise the first error."""
    for task in tasks:
        task.start()
    for task in tasks:
        task.join()
    for task in tasks:
        if task.error is not None:
            raise task.error
    return [task.result for task in tasks]
