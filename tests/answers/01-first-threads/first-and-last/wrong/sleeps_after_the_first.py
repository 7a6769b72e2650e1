# fails: first-and-last-order
# mistake: sleep-as-synchronisation
def first_and_last(first, between, last):
    opening = threading.Thread(target=first)
    opening.start()
    time.sleep(2)  # by then it is hot
    helpers = [threading.Thread(target=function) for function in between]
    for helper in helpers:
        helper.start()
    for helper in helpers:
        helper.join()
    opening.join()
    last()
