class Autosaver:
    def __init__(self, save, interval):
        self.save = save
        self.interval = interval
        self.bell = threading.Semaphore(0)
        self.threads = []

    def start(self):
        def work():
            asked = False
            while not asked:
                asked = self.bell.acquire(timeout=self.interval)
                self.save()

        thread = threading.Thread(target=work, name="autosaver")
        thread.start()
        self.threads.append(thread)

    def stop(self):
        for thread in self.threads:
            self.bell.release()
            thread.join()
