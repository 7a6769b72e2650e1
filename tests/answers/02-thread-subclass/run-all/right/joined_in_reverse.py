def run_all(tasks):
    for task in tasks:
        task.start()
    results = {}
    errors = []
    for task in reversed(tasks):
        task.join()
        if task.error is None:
            results[task] = task.result
        else:
            errors.append(task.error)
    if errors:
        raise errors[-1]
    return [results[task] for task in tasks]
