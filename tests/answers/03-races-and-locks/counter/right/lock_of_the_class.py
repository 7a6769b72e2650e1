class Counter:
    _lock = threading.Lock()

    def __init__(self):
        self.value = 0

    def increment(self, by=1):
        with Counter._lock:
            self.value += by
