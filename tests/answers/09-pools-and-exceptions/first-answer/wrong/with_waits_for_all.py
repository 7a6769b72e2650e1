# fails: first-answer-fastest
# mistake: wrong-without-preemption
def first_answer(mirrors, fetch):
    with ThreadPoolExecutor() as pool:
        futures = [pool.submit(fetch, mirror) for mirror in mirrors]
        for future in as_completed(futures):
            if future.exception() is None:
                return future.result()
    raise future.exception()
