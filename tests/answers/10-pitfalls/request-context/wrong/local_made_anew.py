# fails: context-own-card
# mistake: lost-update
class RequestContext:
    def __init__(self):
        self._own = threading.local()

    def card(self):
        return getattr(self._own, "card", None)

    def serve(self, card, work):
        self._own = threading.local()
        self._own.card = card
        try:
            return work()
        finally:
            self._own.card = None
