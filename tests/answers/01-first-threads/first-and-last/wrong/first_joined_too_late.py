# fails: first-and-last-order
# mistake: not-joined
def first_and_last(first, between, last):
    threads = [threading.Thread(target=function) for function in [first, *between]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    last()
