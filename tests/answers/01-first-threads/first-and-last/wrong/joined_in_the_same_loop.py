# fails: first-and-last-at-once
# mistake: accidentally-serial
def first_and_last(first, between, last):
    for function in [first, *between, last]:
        thread = threading.Thread(target=function)
        thread.start()
        thread.join()
