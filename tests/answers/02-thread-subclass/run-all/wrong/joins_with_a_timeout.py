# fails: run-all-in-order
# mistake: timeout-ignored
def run_all(tasks):
    for task in tasks:
        task.start()
    for task in tasks:
        task.join(timeout=10)
    for task in tasks:
        if task.error is not None:
            raise task.error
    return [task.result for task in tasks]
