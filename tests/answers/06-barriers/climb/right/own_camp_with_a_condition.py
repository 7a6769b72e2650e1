class Camp:
    def __init__(self, size):
        self.size = size
        self.here = 0
        self.number = 0
        self.reason = None
        self.changed = threading.Condition()

    def meet(self):
        with self.changed:
            self.here += 1
            mine = self.number
            if self.here == self.size:
                self.here = 0
                self.number += 1
                self.changed.notify_all()
            self.changed.wait_for(lambda: self.number > mine or self.reason)
            if self.number == mine:
                raise threading.BrokenBarrierError

    def tell(self, error):
        with self.changed:
            self.reason = self.reason or error
            self.changed.notify_all()


def climb(climbers):
    camp = Camp(len(climbers))

    def on_the_way(climber):
        try:
            climber(camp.meet)
        except Exception as error:
            camp.tell(error)

    threads = [threading.Thread(target=on_the_way, args=(climber,)) for climber in climbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if camp.reason:
        raise camp.reason
