from concurrent.futures import ThreadPoolExecutor


def first_and_last(first, between, last):
    first()
    with ThreadPoolExecutor(max_workers=max(1, len(between))) as pool:
        for function in between:
            pool.submit(function)
    last()
