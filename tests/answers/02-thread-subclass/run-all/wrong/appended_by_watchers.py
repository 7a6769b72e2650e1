# fails: run-all-in-order
# mistake: completion-order
def run_all(tasks):
    results = []

    def watch(task):
        task.join()
        results.append(task.result)

    for task in tasks:
        task.start()
    watchers = [threading.Thread(target=watch, args=(task,)) for task in tasks]
    for watcher in watchers:
        watcher.start()
    for watcher in watchers:
        watcher.join()
    for task in tasks:
        if task.error is not None:
            raise task.error
    return results
