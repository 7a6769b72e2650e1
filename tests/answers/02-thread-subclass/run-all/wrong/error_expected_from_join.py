# fails: run-all-errors
# mistake: wrong-without-preemption
def run_all(tasks):
    for task in tasks:
        task.start()
    error = None
    for task in tasks:
        try:
            task.join()
        except Exception as raised:
            error = error or raised
    if error:
        raise error
    return [task.result for task in tasks]
