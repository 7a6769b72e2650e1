# fails: first-answer-failures
# mistake: exception-swallowed
def first_answer(mirrors, fetch):
    answers = []
    there = threading.Event()

    def ask(mirror):
        answers.append(fetch(mirror))
        there.set()

    pool = ThreadPoolExecutor()
    for mirror in mirrors:
        pool.submit(ask, mirror)
    pool.shutdown(wait=False)
    there.wait()
    return answers[0]
