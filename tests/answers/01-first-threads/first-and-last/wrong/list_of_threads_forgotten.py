# fails: first-and-last-order
# mistake: not-joined
def first_and_last(first, between, last):
    first()
    for f in between:
        t = threading.Thread(target=f)
        t.start()
    t.join()
    last()
