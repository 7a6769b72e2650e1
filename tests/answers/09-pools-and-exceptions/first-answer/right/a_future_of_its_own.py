from concurrent.futures import Future


def first_answer(mirrors, fetch):
    answer = Future()
    lock = threading.Lock()
    left = len(mirrors)

    def ask(mirror):
        nonlocal left
        try:
            result, error = fetch(mirror), None
        except Exception as raised:
            result, error = None, raised
        with lock:
            left -= 1
            if answer.done():
                return
            if error is None:
                answer.set_result(result)
            elif left == 0:
                answer.set_exception(error)

    for mirror in mirrors:
        threading.Thread(target=ask, args=(mirror,)).start()
    return answer.result()
