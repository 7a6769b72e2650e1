# fails: first-and-last-order
# mistake: late-binding
def first_and_last(first, between, last):
    first()
    threads = []
    for function in between:
        threads.append(threading.Thread(target=lambda: function()))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    last()
