# fails: first-answer-fastest
# mistake: lost-update
def first_answer(mirrors, fetch):
    answer = error = None

    def ask(mirror):
        nonlocal answer, error
        try:
            answer = fetch(mirror)
        except Exception as raised:
            error = raised

    threads = [threading.Thread(target=ask, args=(mirror,)) for mirror in mirrors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if answer is None and error is not None:
        raise error
    return answer
