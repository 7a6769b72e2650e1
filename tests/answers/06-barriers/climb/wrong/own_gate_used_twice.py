# fails: climb-waits-for-all
# mistake: barrier-lapping
class Camp:
    def __init__(self, size):
        self.missing = size
        self.lock = threading.Lock()
        self.all_here = threading.Event()
        self.reason = None

    def meet(self):
        with self.lock:
            self.missing -= 1
            if self.missing == 0:
                self.all_here.set()
        self.all_here.wait()
        if self.reason:
            raise threading.BrokenBarrierError

    def tell(self, error):
        self.reason = error
        self.all_here.set()


def climb(climbers):
    camp = Camp(len(climbers))

    def on_the_way(climber):
        try:
            climber(camp.meet)
        except threading.BrokenBarrierError:
            pass
        except Exception as error:
            camp.tell(error)

    threads = [threading.Thread(target=on_the_way, args=(climber,)) for climber in climbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if camp.reason:
        raise camp.reason
