# fails: run-all-in-order
# mistake: sleep-as-synchronisation
def run_all(tasks):
    for task in tasks:
        task.start()
    time.sleep(10)
    for task in tasks:
        if task.error is not None:
            raise task.error
    return [task.result for task in tasks]
