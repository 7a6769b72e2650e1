# fails: first-answer-failures
# mistake: exception-in-thread
import queue


def first_answer(mirrors, fetch):
    answers = queue.Queue()
    for mirror in mirrors:
        threading.Thread(target=lambda m=mirror: answers.put(fetch(m))).start()
    return answers.get()
