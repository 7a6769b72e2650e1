class RequestContext:
    def __init__(self):
        self._local = threading.local()

    def card(self):
        try:
            return self._local.card
        except AttributeError:
            return None

    def serve(self, card, work):
        self._local.card = card
        try:
            result = work()
        finally:
            del self._local.card
        return result
