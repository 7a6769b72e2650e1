# fails: run-all-errors
# mistake: not-joined
def run_all(tasks):
    for task in tasks:
        task.start()
    results = []
    for task in tasks:
        task.join()
        if task.error is not None:
            raise task.error
        results.append(task.result)
    return results
