# fails: run-all-in-order
# mistake: completion-order
import queue


def run_all(tasks):
    ended = queue.Queue()

    def watch(task):
        task.start()
        task.join()
        ended.put(task)

    watchers = [threading.Thread(target=watch, args=(task,)) for task in tasks]
    for watcher in watchers:
        watcher.start()
    for watcher in watchers:
        watcher.join()
    done = [ended.get() for _ in tasks]
    for task in tasks:
        if task.error is not None:
            raise task.error
    return [task.result for task in done]
