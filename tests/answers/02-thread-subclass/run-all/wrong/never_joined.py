# fails: run-all-in-order
# mistake: not-joined
def run_all(tasks):
    for task in tasks:
        task.start()
    for task in tasks:
        if task.error is not None:
            raise task.error
    return [task.result for task in tasks]
