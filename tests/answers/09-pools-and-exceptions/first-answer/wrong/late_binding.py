# fails: first-answer-fastest
# mistake: late-binding
def first_answer(mirrors, fetch):
    pool = ThreadPoolExecutor()
    futures = []
    for mirror in mirrors:
        futures.append(pool.submit(lambda: fetch(mirror)))
    pool.shutdown(wait=False)
    for future in as_completed(futures):
        if future.exception() is None:
            return future.result()
    raise future.exception()
