def first_answer(mirrors, fetch):
    pool = ThreadPoolExecutor(max_workers=5)
    pending = {pool.submit(fetch, mirror) for mirror in mirrors}
    pool.shutdown(wait=False)
    while pending:
        done, pending = wait(pending, return_when=FIRST_COMPLETED)
        for future in done:
            error = future.exception()
            if error is None:
                return future.result()
    raise error
