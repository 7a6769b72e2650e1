# fails: context-own-card
# mistake: exception-in-thread
class RequestContext:
    def __init__(self):
        self._own = threading.local()
        self._own.card = None

    def card(self):
        return self._own.card

    def serve(self, card, work):
        self._own.card = card
        try:
            return work()
        finally:
            del self._own.card
