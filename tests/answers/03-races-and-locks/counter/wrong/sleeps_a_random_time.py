# fails: counter-all-counted
# mistake: sleep-as-synchronisation
import random
import time


class Counter:
    def __init__(self):
        self.value = 0

    def increment(self, by=1):
        time.sleep(random.random())  # so that they do not meet
        self.value += by
