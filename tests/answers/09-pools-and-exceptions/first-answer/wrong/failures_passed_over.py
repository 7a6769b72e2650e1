# fails: first-answer-failures
# mistake: exception-swallowed
import queue


def first_answer(mirrors, fetch):
    answers = queue.Queue()

    def ask(mirror):
        try:
            answers.put(fetch(mirror))
        except Exception:
            pass

    for mirror in mirrors:
        threading.Thread(target=ask, args=(mirror,)).start()
    return answers.get()
