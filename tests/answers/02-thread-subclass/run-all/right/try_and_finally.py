def run_all(tasks):
    for task in tasks:
        task.start()
    try:
        return [result_of(task) for task in tasks]
    finally:
        for task in tasks:
            task.join()


def result_of(task):
    task.join()
    if task.error is not None:
        raise task.error
    return task.result
