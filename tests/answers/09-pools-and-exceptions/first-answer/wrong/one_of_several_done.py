# fails: first-answer-failures
# mistake: none
def first_answer(mirrors, fetch):
    pool = ThreadPoolExecutor(max_workers=len(mirrors))
    futures = {pool.submit(fetch, mirror) for mirror in mirrors}
    pool.shutdown(wait=False)
    while futures:
        done, futures = wait(futures, return_when=FIRST_COMPLETED)
        future = done.pop()
        if future.exception() is None:
            return future.result()
    raise future.exception()
