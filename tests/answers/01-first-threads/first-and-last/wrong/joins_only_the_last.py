# fails: first-and-last-order
# mistake: not-joined
def first_and_last(first, between, last):
    first()
    for function in between:
        thread = threading.Thread(target=function)
        thread.start()
    thread.join()
    last()
