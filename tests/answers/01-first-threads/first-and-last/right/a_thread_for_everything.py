def first_and_last(first, between, last):
    opening = threading.Thread(target=first, name="first")
    opening.start()
    opening.join()
    helpers = [threading.Thread(target=function) for function in between]
    for helper in helpers:
        helper.start()
    for helper in helpers:
        helper.join()
    closing = threading.Thread(target=last, name="last")
    closing.start()
    closing.join()
