def first_and_last(first, between, last):
    first()
    threads = []
    for function in between:
        thread = threading.Thread(target=function)
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join()
    last()
