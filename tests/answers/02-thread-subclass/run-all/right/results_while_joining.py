def run_all(tasks):
    for task in tasks:
        task.start()
    results = []
    first_error = None
    for task in tasks:
        task.join()
        results.append(task.result)
        if first_error is None:
            first_error = task.error
    if first_error is not None:
        raise first_error
    return results
