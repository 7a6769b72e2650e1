# fails: context-own-card
# mistake: lost-update
class RequestContext:
    def __init__(self):
        self._card = None
        self._lock = threading.Lock()

    def card(self):
        with self._lock:
            return self._card

    def serve(self, card, work):
        with self._lock:
            self._card = card
        try:
            return work()
        finally:
            with self._lock:
                self._card = None
