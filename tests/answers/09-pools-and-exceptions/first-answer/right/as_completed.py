def first_answer(mirrors, fetch):
    pool = ThreadPoolExecutor()
    futures = [pool.submit(fetch, mirror) for mirror in mirrors]
    try:
        for future in as_completed(futures):
            try:
                return future.result()
            except Exception as error:
                last = error
    finally:
        pool.shutdown(wait=False)
    raise last
