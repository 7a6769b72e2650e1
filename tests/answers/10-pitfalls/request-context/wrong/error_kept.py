# fails: context-nothing-left
# mistake: exception-swallowed
class RequestContext:
    def __init__(self):
        self._own = threading.local()

    def card(self):
        return getattr(self._own, "card", None)

    def serve(self, card, work):
        self._own.card = card
        try:
            return work()
        except Exception:
            return None
        finally:
            self._own.card = None
