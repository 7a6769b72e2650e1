# fails: boats-taken
# mistake: wrong-without-preemption
class Boats:
    def __init__(self, count):
        self.count = count
        self.free = list(range(1, count + 1))
        self.cond = threading.Condition()

    def take(self, timeout=None):
        with self.cond:
            while not self.free:
                if not self.cond.wait(timeout):
                    return None
            return self.free.pop()

    def give_back(self, number):
        with self.cond:
            if number in self.free or not 1 <= number <= self.count:
                raise ValueError
            self.free.append(number)
            self.cond.notify()
