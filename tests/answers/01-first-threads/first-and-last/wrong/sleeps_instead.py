# fails: first-and-last-order
# mistake: sleep-as-synchronisation
def first_and_last(first, between, last):
    first()
    for function in between:
        threading.Thread(target=function).start()
    time.sleep(10)  # the longest tray takes less
    last()
