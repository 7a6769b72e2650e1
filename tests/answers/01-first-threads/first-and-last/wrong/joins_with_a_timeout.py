# fails: first-and-last-order
# mistake: timeout-ignored
def first_and_last(first, between, last):
    first()
    threads = [threading.Thread(target=function) for function in between]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    last()
