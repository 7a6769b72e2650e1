def run_all(tasks):
    [task.start() for task in tasks]
    [task.join() for task in tasks]
    failed = next((task for task in tasks if task.error), None)
    if failed:
        raise failed.error
    return [task.result for task in tasks]
