def all_at_once(functions):
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def first_and_last(first, between, last):
    for stage in ([first], between, [last]):
        all_at_once(stage)
