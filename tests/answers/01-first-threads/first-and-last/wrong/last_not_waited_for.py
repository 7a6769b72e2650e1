# fails: first-and-last-at-once
# mistake: not-joined
def first_and_last(first, between, last):
    first()
    threads = [threading.Thread(target=function) for function in between]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    threading.Thread(target=last).start()
