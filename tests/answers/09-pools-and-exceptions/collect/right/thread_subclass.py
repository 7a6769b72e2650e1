class Asking(threading.Thread):
    def __init__(self, url, fetch):
        super().__init__(name=url)
        self.url = url
        self.fetch = fetch
        self.found = None
        self.failed = False

    def run(self):
        try:
            self.found = self.fetch(self.url)
        except Exception as error:
            self.found = error
            self.failed = True


def collect(urls, fetch):
    tasks = [Asking(url, fetch) for url in urls]
    for task in tasks:
        task.start()
    for task in tasks:
        task.join()
    pages = {task.url: task.found for task in tasks if not task.failed}
    errors = {task.url: task.found for task in tasks if task.failed}
    return pages, errors
