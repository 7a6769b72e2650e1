# fails: race-nobody-early
# mistake: wrong-without-preemption
def start_race(runners, shot):
    """Two rounds of threads."""

    def together(functions):
        results = [None] * len(functions)

        def work(i):
            results[i] = functions[i]()

        threads = [threading.Thread(target=work, args=(i,)) for i in range(len(functions))]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        return results

    together([r.get_ready for r in runners])
    shot()
    return together([r.run for r in runners])
