from contextlib import ExitStack


class Heartbeat:
    def __init__(self, send, interval):
        self.send = send
        self.interval = interval
        self.errors = []

    def __enter__(self):
        over = threading.Event()

        def beat():
            while not over.is_set():
                try:
                    self.send()
                except Exception as error:
                    self.errors.append(error)
                finally:
                    over.wait(self.interval)

        thread = threading.Thread(target=beat, daemon=True)
        with ExitStack() as stack:
            stack.callback(thread.join)
            stack.callback(over.set)
            thread.start()
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        return self.stack.__exit__(*error)
