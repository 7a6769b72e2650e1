# fails: wash-up-every-cup
# mistake: completion-order
def wash_up(cups, wash, dry, room):
    rack = threading.Semaphore(room)
    results = [None] * len(cups)

    def one(i, cup):
        with rack:
            try:
                results[i] = dry(wash(cup))
            except Exception as error:
                results[i] = error

    run_all(*[threading.Thread(target=one, args=(i, c)) for i, c in enumerate(cups)])
    return results
