# fails: run-all-at-once
# mistake: accidentally-serial
def run_all(tasks):
    results = []
    for task in tasks:
        task.start()
        task.join()
        if task.error is not None:
            raise task.error
        results.append(task.result)
    return results
