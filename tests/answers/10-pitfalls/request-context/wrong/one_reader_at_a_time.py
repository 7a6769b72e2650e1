# fails: context-nobody-waits
# mistake: accidentally-serial
class RequestContext:
    def __init__(self):
        self._own = threading.local()
        self._lock = threading.Lock()

    def card(self):
        return getattr(self._own, "card", None)

    def serve(self, card, work):
        with self._lock:
            self._own.card = card
            try:
                return work()
            finally:
                self._own.card = None
