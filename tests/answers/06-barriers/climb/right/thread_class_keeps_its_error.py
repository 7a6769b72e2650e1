class Climber(threading.Thread):
    def __init__(self, way, barrier):
        super().__init__()
        self.way = way
        self.barrier = barrier
        self.error = None

    def run(self):
        try:
            self.way(self.barrier.wait)
        except Exception as error:
            self.error = error
            self.barrier.abort()


def climb(climbers):
    barrier = threading.Barrier(len(climbers))
    rope = [Climber(way, barrier) for way in climbers]
    for climber in rope:
        climber.start()
    for climber in rope:
        climber.join()
    for climber in rope:
        if climber.error and not isinstance(climber.error, threading.BrokenBarrierError):
            raise climber.error
