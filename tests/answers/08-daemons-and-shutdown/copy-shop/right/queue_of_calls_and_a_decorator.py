import functools


def only_while_open(method):
    @functools.wraps(method)
    def wrapper(self, *args):
        with self.door:
            if self.shut:
                raise RuntimeError("too late")
            return method(self, *args)

    return wrapper


class CopyShop:
    def __init__(self, print_order):
        self.print_order = print_order
        self.shut = False
        self.door = threading.RLock()
        self.calls = queue.SimpleQueue()
        self.machine = threading.Thread(target=self.work)
        self.machine.start()

    def work(self):
        for call in iter(self.calls.get, None):
            call()

    @only_while_open
    def submit(self, order):
        self.calls.put(functools.partial(self.print_order, order))

    @only_while_open
    def lock_the_door(self):
        self.shut = True
        self.calls.put(None)

    def close(self):
        try:
            self.lock_the_door()
        except RuntimeError:
            pass
        self.machine.join()
