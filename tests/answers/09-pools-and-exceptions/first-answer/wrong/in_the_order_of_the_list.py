# fails: first-answer-fastest
# mistake: wrong-without-preemption
def first_answer(mirrors, fetch):
    pool = ThreadPoolExecutor()
    futures = [pool.submit(fetch, mirror) for mirror in mirrors]
    pool.shutdown(wait=False)
    for future in futures:
        if future.exception() is None:
            return future.result()
    raise future.exception()
