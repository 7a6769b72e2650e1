# fails: first-and-last-order
# mistake: not-joined
def first_and_last(first, between, last):
    first()
    threads = [threading.Thread(target=function) for function in [*between, last]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
