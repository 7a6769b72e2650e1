def fetch_in_order(urls, fetch, workers):
    results, errors = {}, {}
    with ThreadPoolExecutor(max_workers=workers) as pool:
        number_of = {pool.submit(fetch, url): number for number, url in enumerate(urls)}
        for future in as_completed(number_of):
            number = number_of[future]
            try:
                results[number] = future.result()
            except Exception as error:
                errors[number] = error
    if errors:
        raise errors[min(errors)]
    return [results[number] for number in range(len(urls))]
