from concurrent.futures import ThreadPoolExecutor


def outcome(task):
    task.join()
    return task.result, task.error


def run_all(tasks):
    if not tasks:
        return []
    for task in tasks:
        task.start()
    with ThreadPoolExecutor(max_workers=len(tasks)) as pool:
        outcomes = list(pool.map(outcome, tasks))
    for _, error in outcomes:
        if error is not None:
            raise error
    return [result for result, _ in outcomes]
