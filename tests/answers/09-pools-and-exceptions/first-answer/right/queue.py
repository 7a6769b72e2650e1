import queue


def first_answer(mirrors, fetch):
    answers = queue.Queue()

    def ask(mirror):
        try:
            answers.put((fetch(mirror), None))
        except Exception as error:
            answers.put((None, error))

    for mirror in mirrors:
        threading.Thread(target=ask, args=(mirror,), daemon=True).start()
    for _ in mirrors:
        answer, error = answers.get()
        if error is None:
            return answer
    raise error
