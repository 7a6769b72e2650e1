# fails: run-all-at-once
# mistake: accidentally-serial
def run_all(tasks):
    for task in tasks:
        task.start()
        task.join()
    for task in tasks:
        if task.error is not None:
            raise task.error
    return [task.result for task in tasks]
