# fails: first-answer-failures
# mistake: wrong-without-preemption
def first_answer(mirrors, fetch):
    pool = ThreadPoolExecutor()
    futures = [pool.submit(fetch, mirror) for mirror in mirrors]
    pool.shutdown(wait=False)
    return next(as_completed(futures)).result()
